"""What a piece of code refers to within its own package: modules, imported names, and the statements of a name."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import resolve_name
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard, TypeVar

T = TypeVar("T", bound=ast.AST)
Reference = tuple[ModuleType, str | None]  # a module, and a name in it or None for all of it

_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS = (ast.If, ast.Try, ast.For, ast.While, ast.With)
_IMPORTERS = {"import_module", "__import__"}


def package_of(member: Any) -> str:  # noqa: ANN401 - a function, a class or a module
    """Return the name of the top-level package that a function, a class or a module belongs to."""
    name = member.__name__ if isinstance(member, ModuleType) else member.__module__
    return str(name).partition(".")[0]


def attributes(tree: ast.AST, module: ModuleType) -> Iterator[Reference]:
    """Yield the modules that code of a module reaches through the names of their packages, as in `package.part.f`."""
    for node in ast.walk(tree):
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.insert(0, node.attr)
            node = node.value  # noqa: PLW2901 - along the chain
        value: object = vars(module).get(node.id) if isinstance(node, ast.Name) else None
        for name in names:
            value = vars(value).get(name) if _is_own(value, module) else None
            if _is_own(value, module):
                yield value, None


def imports(tree: ast.AST, module: ModuleType) -> Iterator[Reference]:
    """Yield what code of a module imports from its own package, wherever the import is, but not for types alone.

    A module that cannot be imported is left out, because the code cannot use it either.
    """
    for node in _for_more_than_types(tree):
        if isinstance(node, ast.ImportFrom):
            origin = _load(_base(node), module)
            yield from (_imported(origin, alias.name) for alias in node.names if origin is not None)
            continue
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        given = _computed_or_given(node)
        names += [str(given.value)] if isinstance(given, ast.Constant) else []
        yield from ((origin, None) for name in names if (origin := _load(name, module)) is not None)


def imports_by_computed_names(tree: ast.AST) -> bool:
    """Return whether code imports modules whose names are known only when it runs."""
    given = [_computed_or_given(node) for node in ast.walk(tree)]
    return any(node is not None and not isinstance(node, ast.Constant) for node in given)


def code_of_package(module: ModuleType) -> Iterator[str]:
    """Yield the code of each file of the package that a module belongs to."""
    root = sys.modules[package_of(module)]
    folders = [Path(folder) for folder in getattr(root, "__path__", ())]
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            yield f"{file.relative_to(folder).as_posix()} = {ast.dump(tree)}"


def statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements of a module that run when it is imported, each block also as a whole."""
    waiting: list[ast.AST] = list(tree.body)
    for node in waiting:
        if isinstance(node, ast.stmt) and (node in tree.body or isinstance(node, ast.ImportFrom)):
            yield node
        if isinstance(node, (*_BLOCKS, ast.ExceptHandler)):
            waiting.extend(ast.iter_child_nodes(node))


def imported_from(node: ast.ImportFrom, module: ModuleType, name: str) -> Iterator[tuple[ModuleType, str]]:
    """Yield the module and the name there that an import statement of a module gives a name to."""
    origin = _load(_base(node), module)
    if origin is None:
        return
    for alias in node.names:
        if name == (alias.asname or alias.name) or (alias.name == "*" and name in vars(origin)):
            yield origin, name if alias.name == "*" else alias.name


def defines(node: ast.stmt, name: str) -> bool:
    """Return whether a statement gives a name its value, or changes that value."""
    if isinstance(node, _ASSIGNMENTS):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return node.value is not None and any(_names(target, name) for target in targets)
    if isinstance(node, _DEFINITIONS):
        return node.name == name
    return isinstance(node, (ast.Expr, *_BLOCKS)) and _names(node, name)


def _names(tree: ast.AST, name: str) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, _DEFINITIONS) and node.name == name)
        for node in ast.walk(tree)
    )


def _imported(origin: ModuleType, name: str) -> Reference:
    """Return what a name is that is imported from a module: a part of it, all of it, or a module below it."""
    value = origin if name == "*" else getattr(origin, name, None)
    if value is None:
        value = _load(f"{origin.__name__}.{name}", origin)
    return (value, None) if _is_own(value, origin) else (origin, name)


def _load(name: str, module: ModuleType) -> ModuleType | None:
    """Return a module that code of another one names, if both belong to the same package and it can be imported."""
    try:
        full = resolve_name(name, module.__package__ or "")
        return import_module(full) if full.partition(".")[0] == package_of(module) else None
    except ImportError:
        return None


def _base(node: ast.ImportFrom) -> str:
    return "." * node.level + (node.module or "")


def _is_own(value: object, module: ModuleType) -> TypeGuard[ModuleType]:
    return isinstance(value, ModuleType) and package_of(value) == package_of(module)


def _computed_or_given(node: ast.AST) -> ast.expr | None:
    """Return what a call of a function that imports a module gives as its name."""
    if not isinstance(node, ast.Call) or not (node.args or node.keywords):
        return None
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return (node.args or [node.keywords[0].value])[0] if called in _IMPORTERS else None


def _for_more_than_types(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all nodes below it, except those below `if TYPE_CHECKING`."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from _for_more_than_types(other)
        else:
            yield from _for_more_than_types(child)
