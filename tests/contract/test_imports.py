"""Imports go one way: your code and the tools import the machinery, where each package imports only lower layers."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

NoneOf = Callable[[Iterable[str]], None]

# From top to bottom: a package imports only packages of lower layers, and its own modules.
LAYERS = (
    {"tasks"},
    {"serving"},
    {"model_card", "promotion", "inference", "monitoring", "exploration", "model_search"},
    {"validation", "preflight"},
    {"training"},
    {"registry", "platform"},
    {"feature_store", "profiling"},
    {"features"},
    {"project"},
    {"config", "tables", "parameters"},
    {"evaluation", "markdown_text"},
    {"errors"},
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}


def imports(source: Path, file: Path) -> Iterator[str]:
    """The modules that a module imports, relative to `src`; an imported name that is a module counts as that module."""
    here = file.relative_to(source).parts[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            base = list(here[: len(here) - node.level + 1]) if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                path = source.joinpath(*module.split("."), alias.name)
                is_module = path.with_suffix(".py").exists() or path.is_dir()
                yield f"{module}.{alias.name}" if is_module else module


def modules(source: Path) -> dict[str, set[str]]:
    """The modules in `src` that each module in `src` imports."""
    roots = {path.name for path in source.iterdir() if path.is_dir()}
    found = {}
    for file in sorted(source.rglob("*.py")):
        name = ".".join(file.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        found[name] = {one for one in imports(source, file) if one.partition(".")[0] in roots}
    return found


def test_the_machinery_and_the_tools_do_not_import_your_code(root: Path, none_of: NoneOf) -> None:
    none_of(
        f"src/{name.replace('.', '/')}.py imports {used}"
        for name, imported in modules(root / "src").items()
        for used in sorted(imported)
        if (name.partition(".")[0], used.partition(".")[0]) != ("bundle_tools", "mlops")
        and name.partition(".")[0] in {"mlops", "bundle_tools"}
        and name.partition(".")[0] != used.partition(".")[0]
    )


def test_your_code_does_not_import_the_tools(root: Path, none_of: NoneOf) -> None:
    none_of(
        f"src/{name.replace('.', '/')}.py imports {used}"
        for name, imported in modules(root / "src").items()
        for used in sorted(imported)
        if name.partition(".")[0] != "bundle_tools" and used.partition(".")[0] == "bundle_tools"
    )


def test_inside_the_machinery_imports_go_downwards(root: Path, none_of: NoneOf) -> None:
    faults = []
    for name, imported in modules(root / "src").items():
        for used in sorted(imported):
            if name.startswith("mlops.") and used.startswith("mlops."):
                room, other = name.split(".")[1], used.split(".")[1]
                if room not in LEVEL or other not in LEVEL:
                    faults.append(f"src/mlops: {room} or {other} has no layer: give it one in LAYERS")
                elif room != other and LEVEL[room] >= LEVEL[other]:
                    faults.append(f"src/{name.replace('.', '/')}.py imports {used}, which is not below it")
    none_of(faults)


def test_there_are_no_circular_imports(root: Path, none_of: NoneOf) -> None:
    graph = modules(root / "src")
    while free := [name for name, imported in graph.items() if not (imported & set(graph)) - {name}]:
        graph = {name: imported for name, imported in graph.items() if name not in free}
    none_of(f"src/{name.replace('.', '/')}.py is in or imports a cycle: {sorted(graph[name])}" for name in graph)


def test_modules_of_the_machinery_use_relative_imports(root: Path, none_of: NoneOf) -> None:
    none_of(
        f"{file.relative_to(root).as_posix()} imports {module}: use a relative import"
        for file in sorted((root / "src" / "mlops").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and not node.level
        for module in [str(node.module)]
        if module.partition(".")[0] == "mlops"
    )
