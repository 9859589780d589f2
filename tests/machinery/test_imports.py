"""Imports go one way: tools import stand-ins, both import the machinery, and its rooms import only lower ones."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import mlops
from mlops.tasks import ENTRY_POINTS

SOURCE = Path(mlops.__file__).parents[1]
NOTEBOOKS = SOURCE.parents[1] / "notebooks"
# From top to bottom: a package imports only those below it.
PACKAGES = ("bundle_tools", "mlops_local", "mlops")
# From top to bottom: a room of mlops imports only rooms of lower layers, and its own modules.
LAYERS = (
    {"tasks"},
    {"serving"},
    {"model_card", "promotion", "inference", "monitoring", "exploration", "model_search", "probe"},
    {"validation", "preflight"},
    {"training"},
    {"registry", "tracking", "run_files", "loading", "platform"},
    {"feature_store", "profiling"},
    {"features"},
    {"project"},
    {"sources"},
    {"config", "tables", "parameters"},
    {"evaluation", "markdown_text", "machinery_version"},
    {"statistics"},
    {"errors", "text_limits"},
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
# Files that are read by their path.
BY_PATH = re.compile(r"mlops\.model_search\.models\.\w+")


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def imports(file: Path) -> Iterator[str]:
    """The modules that a module imports; an imported name that is a module counts as that module."""
    here = file.relative_to(SOURCE).parts[:-1] if file.is_relative_to(SOURCE) else ()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            base = list(here[: len(here) - node.level + 1]) if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                path = SOURCE.joinpath(*module.split("."), alias.name)
                yield f"{module}.{alias.name}" if path.with_suffix(".py").exists() or path.is_dir() else module


FILES = {name_of(file): file for package in PACKAGES for file in sorted((SOURCE / package).rglob("*.py"))}
GRAPH = {name: {used for used in imports(file) if used.partition(".")[0] in PACKAGES} for name, file in FILES.items()}


def room(module: str) -> str:
    """The room of a module of mlops; the front of the package has none."""
    return [*module.split("."), ""][1]


def test_every_package_has_modules() -> None:
    for package in PACKAGES:
        assert [name for name in FILES if name.startswith(f"{package}.")]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_no_package_above_it(package: str) -> None:
    above = PACKAGES[: PACKAGES.index(package)]
    assert [
        f"{name} imports {used}"
        for name, imported in GRAPH.items()
        if name.partition(".")[0] == package
        for used in sorted(imported)
        if used.partition(".")[0] in above
    ] == []


def test_rooms_import_only_rooms_of_lower_layers() -> None:
    faults = []
    for name, imported in GRAPH.items():
        for used in sorted(imported):
            if name.startswith("mlops.") and used.startswith("mlops.") and room(name) != room(used):
                assert {room(name), room(used)} <= {*LEVEL}, f"give {room(name)} and {room(used)} a layer in LAYERS"
                if LEVEL[room(name)] >= LEVEL[room(used)]:
                    faults.append(f"{name} imports {used}, which is not below it")
    assert faults == []


def test_the_room_statistics_imports_no_other_room() -> None:
    assert {
        f"{name} imports {used}"
        for name, imported in GRAPH.items()
        if name.startswith("mlops.statistics")
        for used in imported
        if room(used) not in {"statistics", "errors"}
    } == set()


def test_there_are_no_circular_imports() -> None:
    graph = dict(GRAPH)
    while free := [name for name, imported in graph.items() if not (imported & set(graph)) - {name}]:
        graph = {name: imported for name, imported in graph.items() if name not in free}
    assert graph == {}


def test_modules_of_mlops_import_each_other_relatively() -> None:
    """The wheel of a project has them as a subpackage."""
    assert [
        f"{name} imports {node.module}"
        for name, file in FILES.items()
        if name.partition(".")[0] == "mlops"
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.ImportFrom) and not node.level and str(node.module).partition(".")[0] == "mlops"
    ] == []


def reached(starts: Iterable[str]) -> set[str]:
    """The modules that are imported by these, directly or not; importing a module imports the packages around it."""
    waiting, found = list(starts), set[str]()
    while waiting:
        name = waiting.pop()
        if name in FILES and name not in found:
            found.add(name)
            waiting += [*GRAPH[name], name.rpartition(".")[0]]
    return found


def front() -> set[str]:
    """The modules from which the front of the package takes its names."""
    tree = ast.parse(FILES["mlops"].read_bytes())
    (where,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "FRONT"
    ]
    return {f"mlops.{target.partition(':')[0]}" for target in ast.literal_eval(where).values()}


def test_the_wheel_has_no_module_that_nothing_on_databricks_can_reach() -> None:
    tasks = {f"mlops.tasks.{name}" for name in ENTRY_POINTS}
    assert tasks <= {*FILES}
    notebooks = {used for file in NOTEBOOKS.glob("*.py") for used in imports(file)}
    assert "mlops.exploration.tables" in notebooks
    starts = {*tasks, *front(), *notebooks}
    unreached = {name for name in FILES if name.partition(".")[0] == "mlops"} - reached(starts)
    assert {name for name in unreached if not BY_PATH.fullmatch(name)} == set()


def test_every_layer_has_only_rooms_that_exist() -> None:
    assert {*LEVEL} == {room(name) for name in FILES if name.startswith("mlops.")}
