"""Only databricks.yml names hosts, catalogs, groups and people: elsewhere they would be right for one target only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bundle_tools.bundle.bundle_files import ROOT_FILE
from bundle_tools.bundle.load import Bundle

NoneOf = Callable[[Iterable[str]], None]

_TEXTS = re.compile(r"\"[^\"]+\"|'[^']+'|`[^`]+`|(?<=: )[\w.@:/-]+")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
# Keys of resources whose values differ by environment.
_BY_ENVIRONMENT = re.compile(
    r"(?:catalog_name|schema_name|principal|group_name|user_name|service_principal_name|warehouse_id|host)$"
)


@dataclass(frozen=True)
class Facts:
    """The names that only databricks.yml may contain, each with a description; a catalog's name may be any word."""

    catalogs: dict[str, str]
    names: dict[str, str]

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


@pytest.fixture(scope="session")
def facts(bundles: dict[str, Bundle]) -> Facts:
    found = Facts({}, {})
    for target, bundle in bundles.items():
        found.names[str(bundle.config["workspace"]["host"])] = f"the host of {target}"
        for schema in (bundle.config["resources"].get("schemas") or {}).values():
            found.catalogs[str(schema["catalog_name"])] = f"the catalog of {target}"
        for one in bundle.config.get("permissions") or []:
            found.names.update({str(name): f"a principal of {target}" for key, name in one.items() if key != "level"})
    found.names.pop("", None)
    return found


def test_resources_name_nothing_that_differs_by_environment(
    written: dict[str, dict[str, Any]], facts: Facts, none_of: NoneOf
) -> None:
    none_of(
        f"{name}: {path}: '{value}' names {what}: set it in {ROOT_FILE} and refer to it"
        for name, scalars in written.items()
        if name != ROOT_FILE
        for path, value in scalars.items()
        for what in _named(path, str(value), facts)
    )


def test_code_and_configuration_name_nothing_that_differs_by_environment(
    root: Path, facts: Facts, none_of: NoneOf
) -> None:
    none_of(
        f"{file.relative_to(root).as_posix()}: line {number}: '{text}' names {what}"
        for file in sorted([*root.glob("src/**/*.py"), *root.glob("src/**/*.yml")])
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        for text in _TEXTS.findall(line)
        for what in facts.in_code(text.strip("\"'`"))
    )


def _named(path: str, value: str, facts: Facts) -> Iterator[str]:
    named = list(facts.in_resource(value))
    if _ADDRESS.search(value):
        named.append("a person")
    if not named and _BY_ENVIRONMENT.search(path) and "${" not in value:
        named.append("something that belongs to one environment")
    yield from named
