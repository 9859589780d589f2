"""What the identity of the job may do in the schema, with the model, and with system tables."""

from __future__ import annotations

from collections.abc import Collection

from databricks.sdk import WorkspaceClient

from ..errors import ProjectError
from ..tables import quote
from .answer import NotAskedError
from .job import Job

# What the tasks do in the schema: https://docs.databricks.com/data-governance/unity-catalog/access-control/
# privileges-reference. Whoever owns it may do all of it.
_IN_SCHEMA = (
    *("USE_SCHEMA", "CREATE_TABLE", "CREATE_FUNCTION", "CREATE_MODEL", "SELECT", "MODIFY", "EXECUTE"),
    *("READ_VOLUME", "WRITE_VOLUME"),
)
_EVERYBODY = "account users"


def schema(probed: Job) -> str:
    """Whether the identity has each privilege on the schema that the tasks need."""
    client = probed.platform.workspace()
    names = _names(client)
    if _is_one_of(client.schemas.get(probed.schema_name).owner, names):
        return f"the identity of the job owns {probed.schema_name}"
    held = _privileges(client, "SCHEMA", probed.schema_name, names)
    lacking = [privilege for privilege in _IN_SCHEMA if not held & {privilege, "ALL_PRIVILEGES"}]
    if lacking:
        raise ProjectError(f"on {probed.schema_name} {names[0]} lacks {', '.join(lacking)}")
    return f"{names[0]} has {', '.join(sorted(held))} on {probed.schema_name}"


def model(probed: Job) -> str:
    """Whether the identity owns the registered model: only owners and metastore admins move its aliases.

    Source: `RegisteredModelsAPI.set_alias` of databricks-sdk.
    """
    client = probed.platform.workspace()
    names = _names(client)
    owner = client.registered_models.get(probed.model_name).owner
    if not _is_one_of(owner, names):
        raise ProjectError(f"{probed.model_name} is owned by {owner}, so {names[0]} may not move its aliases")
    return f"{owner} owns {probed.model_name}"


def system_table(probed: Job) -> str:
    """Whether the system table that says which version an endpoint has served can be read."""
    if not probed.payload_table:
        raise NotAskedError("this project serves no endpoint, so it reads no system table")
    probed.platform.workspace()  # a local run has no system tables
    # An action: Spark Connect finds out only then whether it may be read.
    probed.platform.tables.spark.table(quote(probed.served_entities_table)).limit(1).collect()
    return f"{probed.served_entities_table} can be read"


def _names(client: WorkspaceClient) -> list[str]:
    """Return the name of the identity, and those of its groups."""
    me = client.current_user.me()
    return [str(me.user_name), *(group.display for group in me.groups or [] if group.display), _EVERYBODY]


def _is_one_of(principal: str | None, names: Collection[str]) -> bool:
    return (principal or "").casefold() in {name.casefold() for name in names}


def _privileges(client: WorkspaceClient, kind: str, name: str, names: Collection[str]) -> set[str]:
    held: set[str] = set()
    page = None
    while True:  # a page may be empty although more follow, so only a missing token means the end
        answer = client.grants.get_effective(kind, name, max_results=0, page_token=page)
        for assignment in answer.privilege_assignments or []:
            if _is_one_of(assignment.principal, names):
                held |= {each.privilege.name for each in assignment.privileges or [] if each.privilege}
        page = answer.next_page_token
        if not page:
            return held
