"""The questions to the workspace, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..bundle.load import Bundle
from . import compute, deployments, entitlements, federation, identities, unity_catalog, wanted, warehouses
from .access import Visit
from .finding import Finding


@dataclass(frozen=True)
class Question:
    """A question that is asked about each item of one kind.

    Attributes:
        title: The subject, for the line that says that the question could not be asked.
        things: Finds the items in the bundle.
        ask: Asks the workspace about one item; raises one of `failures.FAILURES` if there is no answer.
        permission: The permission that the question requires.
        none: What to print if the bundle has no such item; nothing if empty.
        for_admins: Whether many who deploy may not ask it, so that it is left to `make bootstrap` if it is refused.
    """

    title: str
    things: Callable[[Bundle], Iterable[str]]
    ask: Callable[[Visit, str], Finding]
    permission: str
    none: str = ""
    for_admins: bool = False


def _principals(kind: str, *holders: str) -> Callable[[Bundle], list[str]]:
    return lambda bundle: wanted.principals(bundle, kind, holders)


def _serverless_jobs(bundle: Bundle) -> list[str]:
    jobs = ", ".join(key for key, job in bundle.jobs.items() if job.get("environments"))
    return [jobs] if jobs else []


def _made_schemas(bundle: Bundle) -> list[str]:
    return [name for name, schema in wanted.schemas(bundle).items() if schema.made_here]


_ENTRY = "access to the workspace"
_LISTS = "access to the workspace, or the role of a workspace admin"

CHECKS = (
    Question("catalogs", wanted.catalogs, unity_catalog.catalog, "USE CATALOG or BROWSE on the catalog"),
    Question(
        "what you may do in schemas",
        wanted.schemas,
        unity_catalog.schema,
        "USE CATALOG on the catalog and USE SCHEMA on the schema",
        "the bundle keeps nothing in a schema",
    ),
    Question(
        "what you may do with snapshots",
        wanted.snapshots,
        unity_catalog.snapshot,
        "USE CATALOG on the catalog of the snapshots",
    ),
    Question(
        "entitlements",
        entitlements.needed,
        entitlements.entitlement,
        "the role of a workspace admin",
        for_admins=True,
    ),
    Question("locks", deployments.state_folder, deployments.lock, "CAN READ on the folder of the deployment"),
    Question(
        "other deployments",
        _made_schemas,
        deployments.owner_of_schema,
        "CAN READ on the folder of the deployment, and USE SCHEMA on the schema",
    ),
    Question("groups", _principals("group"), identities.group, _LISTS, "the bundle names no group"),
    Question("users", _principals("user"), identities.user, _LISTS),
    Question(
        "service principals",
        _principals("service principal"),
        identities.service_principal,
        _LISTS,
        "the bundle names no service principal",
    ),
    Question(
        "the right to run jobs as a service principal",
        _principals("service principal", "run_as"),
        identities.role,
        "the role Service Principal Manager on it, or an account admin",
    ),
    Question("serverless compute", _serverless_jobs, compute.serverless, _ENTRY),
    Question(
        "node types",
        lambda bundle: wanted.values(bundle, "node_type_id", "driver_node_type_id"),
        compute.node_type,
        _ENTRY,
    ),
    Question(
        "Databricks Runtimes", lambda bundle: wanted.values(bundle, "spark_version"), compute.spark_version, _ENTRY
    ),
    Question(
        "SQL warehouses",
        warehouses.used,
        warehouses.warehouse,
        "CAN VIEW or more on the warehouse",
        "nothing in the bundle uses a SQL warehouse",
    ),
    Question(
        "the right to use SQL warehouses",
        warehouses.used,
        warehouses.right,
        "CAN MANAGE on the warehouse",
        for_admins=True,
    ),
    Question(
        "source tables",
        wanted.source_tables,
        unity_catalog.table,
        "USE CATALOG and USE SCHEMA on the table's catalog and schema, and SELECT on the table",
        "the bundle has no variable source_tables",
    ),
    Question("federation policies", federation.own_policies, federation.in_force, "the role of an account admin"),
)
