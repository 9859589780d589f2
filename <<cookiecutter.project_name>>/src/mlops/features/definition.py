"""The digest of what computes a feature table: another one means that the rows it has are out of date."""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from ..config.features import FeatureTable


def definition_digest(compute: Callable[..., Any], table: FeatureTable) -> str:
    """Return the digest of a feature function, of what it uses of its own package, and of the table's configuration.

    It covers the code of functions and classes, and the values of constants. Comments, docstrings and layout make no
    difference, and neither does what other packages contain.
    """
    digest = hashlib.sha256(table.model_dump_json().encode())
    for part in sorted(set(_parts(compute, set()))):
        digest.update(f"{part}\0".encode())
    return digest.hexdigest()[:16]


def _parts(member: Any, seen: set[int]) -> Iterator[str]:  # noqa: ANN401 - whatever a function uses
    """What a function, class or module of the project consists of, each thing once."""
    if id(member) in seen:
        return
    seen.add(id(member))
    text = textwrap.dedent(inspect.getsource(member))
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a lambda inside another statement: there is no more than its text
        yield text
        return
    name = member.__name__.rpartition(".")[2] if isinstance(member, ModuleType) else member.__qualname__
    yield f"{name} = {ast.dump(_without_docstrings(tree))}"
    space = vars(member) if isinstance(member, ModuleType) else vars(inspect.getmodule(member))
    for name in sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & set(space)):
        yield from _used(name, space[name], member, seen)


def _used(name: str, value: Any, by: Any, seen: set[int]) -> Iterator[str]:  # noqa: ANN401 - whatever a function uses
    if isinstance(value, FunctionType | type | ModuleType):
        if _package(value) == _package(by):
            yield from _parts(value, seen)
    elif isinstance(value, bool | int | float | complex | str | bytes | tuple | list | dict | set | frozenset | None):
        yield f"{name} = {value!r}"


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
