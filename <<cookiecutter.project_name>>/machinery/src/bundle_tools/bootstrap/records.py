"""Groups and service principals in a workspace and in its account."""

from __future__ import annotations

from dataclasses import dataclass

from databricks.sdk.service.iam import WorkspacePermission

from ..doctor import wanted
from ..doctor.access import Me, identity_of
from ..doctor.identities import equals
from .calls import command
from .step import CannotError, Site, Step

_ACCOUNT_ADMIN = "the role of an account admin"
_LOCAL = "WorkspaceGroup"  # a group that only one workspace knows


@dataclass(frozen=True)
class Principal:
    """A group or a service principal that the target needs.

    Attributes:
        kind: `group` or `service principal`.
        name: The name of the group, or the application id of the service principal.
        display: The name under which a service principal is created if its application id is still a placeholder.
    """

    kind: str
    name: str
    display: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.display if self.is_new else self.name}"

    @property
    def is_new(self) -> bool:
        """Whether the id of the service principal is still the placeholder of the template."""
        return self.kind == "service principal" and wanted.is_placeholder(self.name)

    @property
    def in_workspace(self) -> str:
        """The name of the step that assigns it to the workspace."""
        return f"{self} in the workspace"

    @property
    def written(self) -> str:
        """What statements call it; the application id is not known before it is created."""
        return f"<application id of {self.display}>" if self.is_new else self.name


def steps(site: Site, principal: Principal) -> list[Step]:
    """Return the steps that create a principal in the account, and assign it to the workspace."""
    return [
        Step(
            str(principal),
            lambda: number_in_workspace(site, principal) is not None or number_in_account(site, principal) is not None,
            lambda: _creation(principal),
            lambda: _create(site, principal),
            _ACCOUNT_ADMIN,
        ),
        Step(
            principal.in_workspace,
            lambda: number_in_workspace(site, principal) is not None,
            lambda: command(
                *("account", "workspace-assignment", "update", str(site.workspace_id), _number(site, principal)),
                body={"permissions": [WorkspacePermission.USER.value]},
            ),
            lambda: site.account.workspace_assignment.update(
                site.workspace_id, int(_number(site, principal)), permissions=[WorkspacePermission.USER]
            ),
            _ACCOUNT_ADMIN,
            needs=(str(principal),),
        ),
    ]


def number_in_workspace(site: Site, principal: Principal) -> str | None:
    """Return the id of a principal in the workspace, or None.

    Raises:
        CannotError: It is a group that only this workspace knows, so nothing in Unity Catalog can be granted to it.
    """
    client = site.client
    if principal.kind == "group":
        for group in client.groups.list(attributes="id,displayName,meta", filter=equals("displayName", principal.name)):
            if group.meta and group.meta.resource_type == _LOCAL:
                raise CannotError(
                    f"{principal.name} is a group of this workspace alone, to which Unity Catalog grants nothing: "
                    "rename or delete it, or name another in databricks.yml"
                )
            return group.id
        return None
    if principal.is_new:
        return None
    listed = client.service_principals.list(attributes="id", filter=equals("applicationId", principal.name))
    return next((record.id for record in listed), None)


def number_in_account(site: Site, principal: Principal) -> str | None:
    """Return the id of a principal in the account, or None."""
    account = site.account
    if principal.kind == "group":
        named = equals("displayName", principal.name)
        return next((group.id for group in account.groups.list(attributes="id", filter=named)), None)
    named = equals("displayName", principal.display) if principal.is_new else equals("applicationId", principal.name)
    return next((record.id for record in account.service_principals.list(attributes="id", filter=named)), None)


def application_id(site: Site, principal: Principal) -> str | None:
    """Return the application id of the service principal that was created for a placeholder, or None."""
    named = equals("displayName", principal.display)
    listed = site.account.service_principals.list(attributes="id,applicationId", filter=named)
    return next((record.application_id for record in listed), None)


def identity(site: Site, principal: Principal) -> Me | None:
    """Return a service principal of the workspace with its groups and entitlements, or None."""
    number = number_in_workspace(site, principal)
    if number is None:
        return None
    return identity_of(principal.name, site.client.service_principals.get(number))


def _number(site: Site, principal: Principal) -> str:
    return number_in_account(site, principal) or f"<id of {principal}>"


def _creation(principal: Principal) -> str:
    if principal.kind == "group":
        return command("account", "groups", "create", "--display-name", principal.name)
    return command("account", "service-principals", "create", "--display-name", principal.display)


def _create(site: Site, principal: Principal) -> None:
    if principal.kind == "group":
        site.account.groups.create(display_name=principal.name)
    elif principal.is_new:
        site.account.service_principals.create(display_name=principal.display, active=True)
    else:
        raise CannotError(
            f"the account has no service principal with the application id {principal.name}, and gives new ones an id "
            f"of its own: correct it at {wanted.place(site.bundle, principal.name)}, or put back the placeholder "
            "22222222-2222-2222-2222-222222222222 there to have one created"
        )
