"""The SQL warehouses that the bundle uses, and who may run queries on them."""

from __future__ import annotations

from collections.abc import Iterator

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.iam import PermissionLevel

from ..bundle.load import Bundle
from . import wanted
from .access import Visit
from .finding import Finding, fine, missing, unseen

# CAN_VIEW shows a warehouse, but runs no query:
# https://docs.databricks.com/security/auth/access-control/#sql-warehouse-acls
_MAY_QUERY = {
    *(PermissionLevel.CAN_USE, PermissionLevel.CAN_MONITOR, PermissionLevel.CAN_MANAGE, PermissionLevel.IS_OWNER),
}
WHOLE_WORKSPACE = ("users", wanted.EVERYBODY)


def used(bundle: Bundle) -> list[str]:
    """Return the ids and the names of the warehouses that exist outside the bundle."""
    ids = dict.fromkeys([*wanted.values(bundle, "warehouse_id"), *wanted.variable(bundle, "warehouse_id")])
    return [*ids, *bundle.looked_up("warehouse")]


def warehouse(visit: Visit, name: str) -> Finding:
    """Return whether a SQL warehouse exists, as far as the identity can see."""
    place = wanted.place(visit.bundle, name)
    if name in visit.bundle.looked_up("warehouse"):
        return _by_name(visit, name, place)
    try:
        information = visit.client.warehouses.get(name)
    except NotFound:
        return missing(f"SQL warehouse {name} does not exist in {visit.host}: create it, or name another at {place}")
    return fine(f"SQL warehouse {name} exists ({information.name})")


def _by_name(visit: Visit, name: str, place: str) -> Finding:
    names = [listed.name for listed in visit.client.warehouses.list() if listed.name]
    if names.count(name) == 1:
        return fine(f"SQL warehouse {name} exists")
    if name in names:
        return missing(f"{names.count(name)} SQL warehouses of {visit.host} have the name {name}: rename all but one")
    others = f" (such as {', '.join(sorted(names)[:3])})" if names else ""
    return missing(
        f"you can see no SQL warehouse {name} in {visit.host}, so no deployment starts: let an administrator run make "
        f"bootstrap TARGET={visit.bundle.target}, or name one that exists{others} at {place}"
    )


def right(visit: Visit, name: str) -> Finding:
    """Return whether the identity, and the groups that may view the bundle's resources, may query a warehouse.

    A dashboard without embedded credentials runs as its viewer.
    """
    number = id_of(visit.client, visit.bundle, name)
    if number is None:
        return unseen(f"who may use SQL warehouse {name}: it does not exist")
    holders = set(holders_of(visit.client, number))
    lacking = [] if any(visit.me.goes_by(holder) for holder in holders) else [visit.me.name]
    lacking += [group for group in viewers(visit.bundle) if group not in holders]
    if holders.intersection(WHOLE_WORKSPACE):
        lacking = []
    if lacking:
        return missing(
            f"{' and '.join(lacking)} may not run queries on SQL warehouse {name}: ask whoever manages it for CAN USE, "
            f"which make bootstrap TARGET={visit.bundle.target} grants as well"
        )
    return fine(f"you and the viewers of the dashboard may run queries on SQL warehouse {name}")


def viewers(bundle: Bundle) -> list[str]:
    """Return the groups that may view the bundle's resources."""
    groups = (permission.get("group_name") for permission in bundle.config.get("permissions") or [])
    return list(dict.fromkeys(str(group) for group in groups if group))


def id_of(client: WorkspaceClient, bundle: Bundle, name: str) -> str | None:
    """Return the id of a warehouse that the bundle names by its id or its name, or None if there is none."""
    if name not in bundle.looked_up("warehouse"):
        return name
    return next((listed.id for listed in client.warehouses.list() if listed.name == name), None)


def holders_of(client: WorkspaceClient, number: str) -> Iterator[str]:
    """Yield the identities that may run queries on a warehouse."""
    for entry in client.permissions.get("warehouses", number).access_control_list or []:
        levels = {permission.permission_level for permission in entry.all_permissions or []}
        name = entry.group_name or entry.user_name or entry.service_principal_name
        if name and levels & _MAY_QUERY:
            yield name
