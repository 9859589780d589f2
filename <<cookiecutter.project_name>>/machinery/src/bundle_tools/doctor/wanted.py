"""What the bundle needs from the workspace, read from its resolved configuration."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..bundle.bundle_files import ROOT_FILE
from ..bundle.load import Bundle

# The group of all users in the account: Unity Catalog knows it, but no workspace lists it.
EVERYBODY = "account users"

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_KINDS = {"group_name": "group", "service_principal_name": "service principal", "user_name": "user", "principal": ""}
_HOLDERS = ("run_as", "permissions", "grants")
_CREATED_IN_A_SCHEMA = {"registered_models": "CREATE_MODEL", "volumes": "CREATE_VOLUME"}


@dataclass(frozen=True)
class Schema:
    """A schema that the bundle uses.

    Attributes:
        catalog: The catalog of the schema.
        made_here: Whether the bundle creates the schema.
        privileges: What the deployment needs in the schema to create what the bundle keeps there.
    """

    catalog: str
    made_here: bool
    privileges: tuple[str, ...]


def catalogs(bundle: Bundle) -> list[str]:
    """Return the catalogs of the bundle's resources, except those that it creates and so will own."""
    own = {str(catalog.get("name")) for catalog in _of_kind(bundle, "catalogs")}
    return [name for name in _distinct(_fields(_resources(bundle), "catalog_name")) if name not in own]


def schemas(bundle: Bundle) -> dict[str, Schema]:
    """Return the schemas of the bundle's resources in these catalogs, by their two-level names."""
    made = {f"{schema.get('catalog_name')}.{schema.get('name')}" for schema in _of_kind(bundle, "schemas")}
    privileges: dict[str, set[str]] = {name: set() for name in sorted(made)}
    for kind, privilege in _CREATED_IN_A_SCHEMA.items():
        for item in _of_kind(bundle, kind):
            privileges.setdefault(f"{item.get('catalog_name')}.{item.get('schema_name')}", set()).add(privilege)
    return {
        name: Schema(catalog, name in made, tuple(sorted(needed)))
        for name, needed in privileges.items()
        if (catalog := name.partition(".")[0]) in catalogs(bundle) and "${" not in name
    }


def snapshots(bundle: Bundle) -> list[str]:
    """Return the two-level names of the schemas in other catalogs that tasks write samples of the data to."""
    tasks = (task for job in bundle.jobs.values() for task in job.get("tasks") or [])
    parameters = ((task.get("python_wheel_task") or {}).get("named_parameters") or {} for task in tasks)
    names = _distinct(str(given["snapshot_schema"]) for given in parameters if given.get("snapshot_schema"))
    return [name for name in names if name.partition(".")[0] not in catalogs(bundle)]


def principals(bundle: Bundle, kind: str, holders: Collection[str] = ()) -> list[str]:
    """Return the principals of one kind (group, user, service principal) that the bundle names.

    They are found at any depth under `run_as`, `permissions` and `grants`, or only under `holders`. A UUID is always
    taken as a service principal and a name with @ as a user, because the same variable may name a principal in
    production and a user in development.
    """
    sections = ((section, bundle.config.get(section)) for section in ("run_as", "permissions", "resources"))
    mentions = (named for key, section in sections for named in _names_in(key, section, holders or _HOLDERS))
    return [name for name in _distinct(name for its, name in mentions if its == kind) if name != EVERYBODY]


def is_placeholder(principal: str) -> bool:
    """Return whether a service principal's id is a placeholder such as 22222222-2222-2222-2222-222222222222."""
    return _UUID.fullmatch(principal) is not None and len(set(principal) - {"-"}) == 1


def values(bundle: Bundle, *fields: str) -> list[str]:
    """Return the distinct values of fields with these names in resources, at any depth."""
    return _distinct(_fields(_resources(bundle), *fields))


def variable(bundle: Bundle, name: str) -> list[str]:
    """Return the value of the variable with this name, if it exists and is not empty."""
    value = bundle.variables.get(name)
    return _distinct([str(value)]) if value else []


def source_tables(bundle: Bundle) -> list[str]:
    """Return the tables that the variable `source_tables` names; a part that is not `name=table` stays as it is."""
    parts = [part for text in variable(bundle, "source_tables") for part in text.split()]
    return _distinct([part.partition("=")[2] or part for part in parts])


def place(bundle: Bundle, value: str) -> str:
    """Return where the bundle sets this value: the variables that have it, or else the files in general."""
    own = ((bundle.sources.content.get("targets") or {}).get(bundle.target) or {}).get("variables") or {}
    names = [
        name
        for name, given in bundle.variables.items()
        if given == value or value in (part.partition("=")[2] or part for part in str(given).split())
    ]
    names += [name for name, lookup in bundle.lookups.items() if value in lookup.values()]
    paths = [f"targets.{bundle.target}.variables.{name}" if name in own else f"variables.{name}" for name in names]
    return f"{ROOT_FILE}: {' or '.join(paths)}" if paths else f"{ROOT_FILE} or its resources"


def _resources(bundle: Bundle) -> Any:  # noqa: ANN401 - YAML
    return bundle.config["resources"]


def _of_kind(bundle: Bundle, kind: str) -> Iterable[dict[str, Any]]:
    return (_resources(bundle).get(kind) or {}).values()


def _fields(tree: Any, *names: str) -> Iterator[str]:  # noqa: ANN401 - YAML
    for key, item in tree.items() if isinstance(tree, dict) else (("", item) for item in tree):
        if key in names and isinstance(item, str):
            yield item
        elif isinstance(item, dict | list):
            yield from _fields(item, *names)


def _names_in(key: str, tree: Any, holders: Collection[str]) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - YAML
    if isinstance(tree, list):
        for item in tree:
            yield from _names_in(key, item, holders)
    elif isinstance(tree, dict) and key in _HOLDERS:
        names = ((field, tree.get(field)) for field in _KINDS) if key in holders else ()
        yield from ((_kind(field, name), name) for field, name in names if isinstance(name, str))
    elif isinstance(tree, dict):
        for inner, item in tree.items():
            yield from _names_in(inner, item, holders)


def _kind(field: str, name: str) -> str:
    if _UUID.fullmatch(name):
        return "service principal"
    return "user" if "@" in name else _KINDS[field] or "group"


def _distinct(names: Iterable[str]) -> list[str]:
    """Return each name once, without those that are known only after deployment."""
    return [name for name in dict.fromkeys(names) if name and "${" not in name]
