"""Who deploys a target, and who uses what it deploys, read from the bundle."""

from __future__ import annotations

from dataclasses import dataclass

from ..bundle.load import Bundle
from ..doctor import federation, wanted
from .records import Principal

# Variables of the bundle with groups; in development they deploy, and nothing else in the bundle names them.
_GROUPS = ("data_scientists", "ml_engineers")


@dataclass(frozen=True)
class Needs:
    """The identities of a target.

    Attributes:
        service_principal: The service principal that deploys and runs the jobs; None where people do.
        groups: All groups, each once.
        readers: The groups with privileges on the bundle's schemas, which need the catalog too.
        managers: The groups that manage the jobs.
    """

    service_principal: Principal | None
    groups: tuple[Principal, ...]
    readers: tuple[Principal, ...]
    managers: tuple[Principal, ...]

    @property
    def deployers(self) -> tuple[Principal, ...]:
        """Who deploys and runs the jobs: the service principal, or else all groups."""
        return (self.service_principal,) if self.service_principal else self.groups

    @property
    def everybody(self) -> tuple[Principal, ...]:
        """All of them."""
        return (*((self.service_principal,) if self.service_principal else ()), *self.groups)


def of_bundle(bundle: Bundle) -> Needs:
    """Return the identities of the bundle's target."""
    run_as = (bundle.config.get("run_as") or {}).get("service_principal_name")
    robot = Principal("service principal", str(run_as), f"{bundle.name}-{bundle.target}") if run_as else None
    named = [*(name for variable in _GROUPS for name in wanted.variable(bundle, variable))]
    named += wanted.principals(bundle, "group")
    managing = [
        str(permission["group_name"])
        for permission in bundle.config.get("permissions") or []
        if permission.get("group_name") and permission.get("level") == "CAN_MANAGE"
    ]
    return Needs(robot, _groups(named), _groups(wanted.principals(bundle, "group", ("grants",))), _groups(managing))


def people_deploy(bundle: Bundle) -> bool:
    """Return whether people deploy as the service principal, because CI has no federation policy for the target."""
    return not federation.files(bundle)


def _groups(names: list[str]) -> tuple[Principal, ...]:
    return tuple(Principal("group", name) for name in dict.fromkeys(names) if name != wanted.EVERYBODY)
