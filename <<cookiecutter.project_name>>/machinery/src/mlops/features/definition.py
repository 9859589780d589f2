"""The digest of the code and configuration of a feature table. If it changes, the rows of the table are out of date."""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from importlib.util import resolve_name
from types import FunctionType, ModuleType
from typing import Any

from ..config.strict import Settings


def definition_digest(compute: Callable[..., Any], settings: Settings) -> str:
    """Return the digest of a feature function, the code that it uses from its own package, and its settings.

    It covers the code of functions and classes, and the statements that define constants. Comments, docstrings,
    formatting and the contents of other packages do not change it.
    """
    return _digest(compute, settings.model_dump_json())


def source_digest(function: Callable[..., Any]) -> str:
    """Return the digest of a function and of the code that it uses from its own package, as `definition_digest`."""
    return _digest(function, "")


def _digest(function: Callable[..., Any], settings: str) -> str:
    digest = hashlib.sha256(settings.encode())
    for part in sorted(set(_parts(function, set()))):
        digest.update(f"{part}\0".encode())
    return digest.hexdigest()[:16]


def _parts(member: Any, seen: set[object]) -> Iterator[str]:  # noqa: ANN401 - whatever a function uses
    """Yield the code of a function, class or module of the project, and of all that it uses, each part once."""
    if id(member) in seen:
        return
    seen.add(id(member))
    text = textwrap.dedent(inspect.getsource(member))
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a lambda inside another statement does not parse on its own: use its text
        yield text
        return
    name = member.__name__.rpartition(".")[2] if isinstance(member, ModuleType) else member.__qualname__
    yield f"{name} = {ast.dump(_without_docstrings(tree))}"
    module = member if isinstance(member, ModuleType) else sys.modules[member.__module__]
    yield from _names(tree, module, seen)


def _names(tree: ast.AST, module: ModuleType, seen: set[object]) -> Iterator[str]:
    """Yield the definitions of the names in a piece of code, as far as the project defines them."""
    for name in sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & set(vars(module))):
        value = vars(module)[name]
        if not isinstance(value, FunctionType | type | ModuleType):
            yield from _constant(name, module, seen)
        elif _package(value) == _package(module):
            yield from _parts(value, seen)


def _constant(name: str, module: ModuleType, seen: set[object]) -> Iterator[str]:
    """Yield the statements that define a constant. Unlike its value, their text is the same in every process."""
    if (id(module), name) in seen:
        return
    seen.add((id(module), name))
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            origin = sys.modules[resolve_name("." * node.level + (node.module or ""), str(module.__package__))]
            for alias in node.names:
                if name == (alias.asname or alias.name):
                    yield from _constant(alias.name, origin, seen)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bound = {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
            if name in bound and node.value is not None:
                yield ast.dump(node)
                yield from _names(node.value, module, seen)


def _package(member: Any) -> str:  # noqa: ANN401 - a function, a class or a module
    name = member.__name__ if isinstance(member, ModuleType) else member.__module__
    return str(name).partition(".")[0]


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return tree
