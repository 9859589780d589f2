"""Only databricks.yml names hosts, catalogs, groups and people: elsewhere they would be right for one target only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..bundle.bundle_files import ROOT_FILE
from ..bundle.load import Bundle
from .checked_project import CheckedProject
from .tally import Tally

_TEXTS = re.compile(r"\"[^\"]+\"|'[^']+'|`[^`]+`|(?<=: )[\w.@:/-]+")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
# Keys of resources whose values differ by environment.
_BY_ENVIRONMENT = re.compile(
    r"(?:catalog_name|schema_name|principal|group_name|user_name|service_principal_name|warehouse_id|host)$"
)


@dataclass(frozen=True)
class _Reserved:
    """The names that only databricks.yml may contain, each with a description; a catalog's name may be any word."""

    catalogs: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def in_resource(self, value: str) -> Iterator[str]:
        """Yield what the value of a resource names."""
        for name, what in self.names.items():
            if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", value):
                yield what
        for catalog, what in self.catalogs.items():
            if value == catalog or value.startswith(f"{catalog}."):
                yield what

    def in_code(self, text: str) -> Iterator[str]:
        """Yield what a quoted text in the code names."""
        yield from (what for name, what in self.names.items() if text == name)
        for catalog, what in self.catalogs.items():
            if re.fullmatch(rf"{re.escape(catalog)}(?:\.\w+){{1,2}}", text):
                yield what


def _reserved_names(bundles: Mapping[str, Bundle]) -> _Reserved:
    reserved = _Reserved()
    for target, bundle in bundles.items():
        reserved.names[str(bundle.config["workspace"]["host"])] = f"the host of {target}"
        for schema in (bundle.config["resources"].get("schemas") or {}).values():
            reserved.catalogs[str(schema.get("catalog_name"))] = f"the catalog of {target}"
        for permission in bundle.config.get("permissions") or []:
            named = {str(name): f"a principal of {target}" for key, name in permission.items() if key != "level"}
            reserved.names.update(named)
    reserved.names.pop("", None)
    return reserved


def resources_name_nothing_that_differs_by_environment(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Resources name no host, catalog, group or person of one environment."""
    reserved = _reserved_names(project.bundles)
    looked.add_around("name", *reserved.names, *reserved.catalogs)
    for name, scalars in project.scalars.items():
        if name == ROOT_FILE:
            continue
        looked.add("file", name)
        for path, value in scalars.items():
            for what in _names_in(path, str(value), reserved):
                yield f"{name}: {path}: '{value}' names {what}: set it in {ROOT_FILE} and refer to it"


def _names_in(path: str, value: str, reserved: _Reserved) -> Iterator[str]:
    named = list(reserved.in_resource(value))
    if _ADDRESS.search(value):
        named.append("a person")
    if not named and _BY_ENVIRONMENT.search(path) and "${" not in value:
        named.append("something that belongs to one environment")
    yield from named


def code_and_configuration_name_nothing_that_differs_by_environment(
    project: CheckedProject, looked: Tally
) -> Iterator[str]:
    """Your code and project.yml name no host, catalog, group or person of one environment."""
    reserved = _reserved_names(project.bundles)
    looked.add_around("name", *reserved.names, *reserved.catalogs)
    for file in sorted([*project.root.glob("src/**/*.py"), *project.root.glob("src/**/*.yml")]):
        name = file.relative_to(project.root).as_posix()
        looked.add("file", name)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            for text in _TEXTS.findall(line):
                for what in reserved.in_code(text.strip("\"'`")):
                    yield f"{name}: line {number}: '{text}' names {what}: set it in {ROOT_FILE}"


CHECKS = (
    resources_name_nothing_that_differs_by_environment,
    code_and_configuration_name_nothing_that_differs_by_environment,
)
