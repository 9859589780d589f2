"""Catalogs, the schema of snapshots, and the privileges on them and on source tables in other catalogs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from databricks.sdk.errors import NotFound
from databricks.sdk.service.catalog import PermissionsChange, Privilege

from ..doctor import wanted
from ..doctor.access import Me, Visit
from ..doctor.unity_catalog import privileges_of
from .calls import grant, quoted
from .needs import Needs
from .records import Principal
from .step import Site, Step

# Catalogs of Databricks itself; everybody reads the samples:
# https://docs.databricks.com/discover/databricks-datasets#unity-catalog-datasets
_GIVEN = ("samples", "system")
_DEPLOY = ("USE_CATALOG", "CREATE_SCHEMA")
_TABLE_PARTS = 3

Securable = tuple[str, str]  # its kind, such as CATALOG, and its full name


def steps(site: Site, needs: Needs) -> Iterator[Step]:
    """Yield the steps in Unity Catalog, each object before the privileges on it."""
    for name in wanted.catalogs(site.bundle):
        yield _catalog(site, name)
        for principal in needs.deployers:
            yield _grant(site, principal, ("CATALOG", name), _DEPLOY, (f"catalog {name}",))
        for principal in needs.readers:
            if principal not in needs.deployers:
                yield _grant(site, principal, ("CATALOG", name), ("USE_CATALOG",), (f"catalog {name}",))
    yield from _snapshots(site, needs)
    yield from _sources(site, needs)


def _snapshots(site: Site, needs: Needs) -> Iterator[Step]:
    """Yield the steps for a snapshot in another environment's catalog, which that environment's people may read."""
    for name in wanted.snapshots(site.bundle):
        catalog = name.partition(".")[0]
        yield _catalog(site, catalog)
        for principal in needs.deployers:
            yield _grant(site, principal, ("CATALOG", catalog), _DEPLOY, (f"catalog {catalog}",))
        yield _schema(site, name)
        for principal in needs.deployers:
            written = ("USE_SCHEMA", "CREATE_TABLE", "SELECT", "MODIFY")
            yield _grant(site, principal, ("SCHEMA", name), written, (f"schema {name}",))
        for principal in needs.readers:
            yield _grant(site, principal, ("SCHEMA", name), ("USE_SCHEMA", "SELECT"), (f"schema {name}",))


def _sources(site: Site, needs: Needs) -> Iterator[Step]:
    own = {*wanted.catalogs(site.bundle), *_GIVEN}
    for name in wanted.source_tables(site.bundle):
        parts = name.split(".")
        if len(parts) == _TABLE_PARTS and parts[0] not in own:
            schema = ".".join(parts[:2])
            for principal in needs.deployers:
                yield _grant(site, principal, ("CATALOG", parts[0]), ("USE_CATALOG",))
                yield _grant(site, principal, ("SCHEMA", schema), ("USE_SCHEMA",))
                yield _grant(site, principal, ("TABLE", name), ("SELECT",))


def _catalog(site: Site, name: str) -> Step:
    api = site.client.catalogs
    return Step(
        f"catalog {name}",
        lambda: _exists(lambda: api.get(name)),
        lambda: f"CREATE CATALOG IF NOT EXISTS {quoted(name)};",
        lambda: api.create(name),
        "CREATE CATALOG on the metastore",
    )


def _schema(site: Site, name: str) -> Step:
    api = site.client.schemas
    catalog, _, schema = name.partition(".")
    return Step(
        f"schema {name}",
        lambda: _exists(lambda: api.get(name)),
        lambda: f"CREATE SCHEMA IF NOT EXISTS {quoted(name)};",
        lambda: api.create(schema, catalog),
        f"CREATE SCHEMA on catalog {catalog}",
        needs=(f"catalog {catalog}",),
    )


def _exists(get: Callable[[], object]) -> bool:
    try:
        get()
    except NotFound:
        return False
    return True


def _grant(
    site: Site, principal: Principal, securable: Securable, privileges: tuple[str, ...], needs: tuple[str, ...] = ()
) -> Step:
    kind, name = securable

    def lacking() -> list[str]:
        if principal.is_new:
            return list(privileges)
        visit = Visit(site.client, site.bundle, Me(principal.name, frozenset()))
        held = privileges_of(visit, kind, name, None)
        return [privilege for privilege in privileges if privilege not in held]

    def make() -> None:
        change = PermissionsChange(principal=principal.name, add=[Privilege(privilege) for privilege in lacking()])
        site.client.grants.update(kind, name, changes=[change])

    titles = ", ".join(privilege.replace("_", " ") for privilege in privileges)
    return Step(
        f"{principal}: {titles} on {kind.lower()} {name}",
        lambda: not lacking(),
        lambda: grant(privileges, kind, name, principal.written),
        make,
        f"to own {kind.lower()} {name}, or MANAGE on it",
        needs=(str(principal), *needs),
    )
