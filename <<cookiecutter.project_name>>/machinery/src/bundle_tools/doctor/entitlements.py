"""The entitlements of whoever deploys, which say what an identity may use in a workspace at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..bundle.load import Bundle
from . import warehouses
from .access import Visit
from .finding import Finding, fine, missing
from .identities import equals

WORKSPACE, SQL, CLUSTERS = "workspace-access", "databricks-sql-access", "allow-cluster-create"
# As the settings of a workspace call them: https://docs.databricks.com/security/auth/entitlements
TITLES = {
    WORKSPACE: "Workspace access",
    SQL: "Databricks SQL access",
    CLUSTERS: "Allow unrestricted cluster creation",
}
_ADMINS = "admins"  # they have all entitlements
_EVERY_USER = "users"  # all identities of a workspace are in it, whether their records say so or not


def needed(bundle: Bundle) -> list[str]:
    """Return the entitlements that deploying the bundle and running its jobs requires, by their names in the API.

    Clusters without a policy and SQL warehouses may be created by those who may create any cluster.
    """
    resources = bundle.config["resources"]
    uses_sql = bool(warehouses.used(bundle) or resources.get("sql_warehouses"))
    creates = bool(resources.get("sql_warehouses")) or any(_clusters_without_policy(bundle))
    return [name for name, is_needed in ((WORKSPACE, True), (SQL, uses_sql), (CLUSTERS, creates)) if is_needed]


def _clusters_without_policy(bundle: Bundle) -> Iterator[Mapping[str, Any]]:
    for job in bundle.jobs.values():
        for place in (*(job.get("job_clusters") or []), *(job.get("tasks") or [])):
            cluster = place.get("new_cluster")
            if isinstance(cluster, dict) and not cluster.get("policy_id"):
                yield cluster


def entitlement(visit: Visit, name: str) -> Finding:
    """Return whether the identity has an entitlement, itself or by one of its groups."""
    title = f"{TITLES[name]} ({name})"
    if name in visit.me.entitlements or _ADMINS in visit.me.groups or any(name in held for held in _of_groups(visit)):
        return fine(f"you have the entitlement {title}")
    return missing(f"you lack the entitlement {title}: ask a workspace admin to grant it to {visit.me.name}")


def _of_groups(visit: Visit) -> Iterator[set[str]]:
    """Yield the entitlements of each group; those of the group of all users first, because it usually has them."""
    groups = visit.client.groups
    listed = groups.list(attributes="id,displayName,entitlements", filter=equals("displayName", _EVERY_USER))
    for group in listed:
        yield {entry.value for entry in group.entitlements or [] if entry.value}
    for number in visit.me.group_ids:
        yield {entry.value for entry in groups.get(number).entitlements or [] if entry.value}
