"""Catalogs, schemas and tables, and the privileges of the identity on them."""

from __future__ import annotations

from databricks.sdk.errors import NotFound
from databricks.sdk.service.catalog import Privilege, SchemaInfo

from . import wanted
from .access import Visit
from .finding import Finding, fine, missing, unseen

_TABLE_LEVELS = 3


def catalog(visit: Visit, name: str) -> Finding:
    """Return whether a catalog exists."""
    try:
        visit.client.catalogs.get(name)
    except NotFound:
        return missing(
            f"catalog {name} does not exist in {visit.host}: have it created (this requires CREATE CATALOG on the "
            f"metastore), or name another at {wanted.place(visit.bundle, name)}"
        )
    return fine(f"catalog {name} exists")


def schema(visit: Visit, name: str) -> Finding:
    """Return whether the identity may deploy into a schema: create it, or create what the bundle keeps there.

    Whoever creates a schema owns it and has all privileges in it. For an existing schema, the privileges on it decide:
    https://docs.databricks.com/data-governance/unity-catalog/access-control/privileges-reference.
    """
    return _schema(visit, name, wanted.schemas(visit.bundle)[name])


def snapshot(visit: Visit, name: str) -> Finding:
    """Return whether the identity may write the schema of a snapshot, which is in the catalog of another environment.

    The task creates the schema if it does not exist, and replaces the tables that it wrote there before.
    """
    catalog_name = name.partition(".")[0]
    finding = _schema(visit, name, wanted.Schema(catalog_name, made_here=True, privileges=("CREATE_TABLE",)))
    return Finding(finding.ok, f"job snapshot: {finding.sentence}")


def _schema(visit: Visit, name: str, wish: wanted.Schema) -> Finding:
    try:
        owner = visit.client.catalogs.get(wish.catalog).owner
    except NotFound:
        return unseen(f"what you may do in schema {name}: there is no catalog {wish.catalog}")
    held = privileges_of(visit, "CATALOG", wish.catalog, owner)
    if "USE_CATALOG" in held and (existing := _existing(visit, name)):
        return _in_schema(visit, name, wish.privileges, existing.owner)
    if "USE_CATALOG" in held and not wish.made_here:
        return missing(f"schema {name} does not exist, and the bundle does not create it: create it, or use another")
    needed = ("USE_CATALOG", "CREATE_SCHEMA") if wish.made_here else ("USE_CATALOG",)
    lacking = [privilege for privilege in needed if privilege not in held]
    if lacking:
        return missing(
            f"you lack privileges to use schema {name}: {_ask(visit, lacking, f'CATALOG `{wish.catalog}`', owner)}"
        )
    return fine(f"schema {name} does not exist yet, and you may create it in catalog {wish.catalog}")


def _in_schema(visit: Visit, name: str, privileges: tuple[str, ...], owner: str | None) -> Finding:
    held = privileges_of(visit, "SCHEMA", name, owner)
    lacking = [privilege for privilege in ("USE_SCHEMA", *privileges) if privilege not in held]
    if lacking:
        place = f"SCHEMA `{name.replace('.', '`.`')}`"
        return missing(f"schema {name} exists, but you lack privileges on it: {_ask(visit, lacking, place, owner)}")
    return fine(f"schema {name} exists, and you may create what the bundle keeps there")


def _existing(visit: Visit, name: str) -> SchemaInfo | None:
    try:
        return visit.client.schemas.get(name)
    except NotFound:
        return None


def privileges_of(visit: Visit, kind: str, name: str, owner: str | None) -> set[str]:
    """Return the privileges of the identity and its groups on a securable, including inherited ones."""
    everything = {privilege.name for privilege in Privilege}
    if visit.me.goes_by(owner):
        return everything
    held: set[str] = set()
    page = None
    while True:  # a page may be empty although more follow, so only a missing token means the end
        answer = visit.client.grants.get_effective(kind, name, max_results=0, page_token=page)
        for assignment in answer.privilege_assignments or []:
            if visit.me.goes_by(assignment.principal):
                held |= {granted.privilege.name for granted in assignment.privileges or [] if granted.privilege}
        page = answer.next_page_token
        if not page:
            return everything if "ALL_PRIVILEGES" in held else held


def _ask(visit: Visit, privileges: list[str], securable: str, owner: str | None) -> str:
    names = ", ".join(privilege.replace("_", " ") for privilege in privileges)
    return f"ask the owner ({owner or 'unknown'}) to run GRANT {names} ON {securable} TO `{visit.me.name}`"


def table(visit: Visit, name: str) -> Finding:
    """Return whether a table can be read: Unity Catalog describes a table only to those who may read it."""
    place = wanted.place(visit.bundle, name)
    if len(name.split(".")) != _TABLE_LEVELS:
        return missing(f"source table {name} is not a three-level name: write name=catalog.schema.table at {place}")
    try:
        visit.client.tables.get(name)
    except NotFound:
        return missing(f"source table {name} does not exist in {visit.host}: create it, or name another at {place}")
    return fine(f"source table {name} can be read")
