"""The rules that staging and production have in common: who runs the jobs, who manages them, and when they start."""

from __future__ import annotations

from collections.abc import Iterator

from ..bundle.bundle_files import ROOT_FILE
from ..bundle.load import Bundle

_STARTS = ("schedule", "trigger", "continuous")


def setting(target: str, path: str) -> str:
    """Return `file: key path` of a setting of a target."""
    return f"{ROOT_FILE}: targets.{target}.{path}"


def start_faults(bundle: Bundle, wanted: str) -> Iterator[str]:
    """Yield the starts of jobs that are not paused, or not unpaused, as wanted."""
    for key, job in bundle.jobs.items():
        for start in _STARTS:
            status = (job.get(start) or {}).get("pause_status")
            if start in job and status != wanted:
                place = bundle.place(f"resources.jobs.{key}.{start}.pause_status")
                yield f"{place}: is {status} in {bundle.target}, and must be {wanted} (presets.trigger_pause_status)"


def principal_faults(bundle: Bundle) -> Iterator[str]:
    """Yield a fault if no service principal runs the jobs."""
    if not (bundle.config.get("run_as") or {}).get("service_principal_name"):
        yield f"{setting(bundle.target, 'run_as')}: no service principal, so the jobs depend on a person's account"


def manager_faults(bundle: Bundle) -> Iterator[str]:
    """Yield faults in who may manage: the service principal must, and no single user may."""
    permissions = bundle.config.get("permissions") or []
    principal = (bundle.config.get("run_as") or {}).get("service_principal_name")
    managers = [permission for permission in permissions if permission.get("level") == "CAN_MANAGE"]
    if not any(permission.get("service_principal_name") == principal for permission in managers):
        yield f"{setting(bundle.target, 'permissions')}: the service principal that runs the jobs cannot manage them"
    for index, permission in enumerate(permissions):
        if permission.get("user_name") or permission.get("group_name") in {"users", "account users"}:
            who = permission.get("user_name") or permission["group_name"]
            yield f"{setting(bundle.target, f'permissions[{index}]')}: {who} is not a named group or service principal"
    if not any(permission.get("group_name") and permission.get("level") == "CAN_VIEW" for permission in permissions):
        yield f"{setting(bundle.target, 'permissions')}: no group may view runs and their output (CAN_VIEW)"
