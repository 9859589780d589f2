"""The digest of the code and configuration of a feature table. If it changes, the rows of the table are out of date."""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from ..config.strict import Settings
from . import references


def definition_digest(compute: Callable[..., Any], settings: Settings) -> str:
    """Return the digest of a feature function, the code that it uses from its own package, and its settings.

    It covers the code of functions and classes, the statements that define constants, and what is imported inside
    functions. Code that imports modules by names which are known only when it runs stands for its whole package.
    Comments, docstrings, formatting and the contents of other packages and of data files do not change it.
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
    module = member if isinstance(member, ModuleType) else sys.modules[member.__module__]
    name = member.__name__.rpartition(".")[2] if isinstance(member, ModuleType) else member.__qualname__
    bound = [own for own, value in vars(module).items() if value is member]
    try:
        text = textwrap.dedent(inspect.getsource(member))
        tree = ast.parse(text)
    except SyntaxError:  # a lambda inside another statement does not parse on its own: use its text
        yield text
    except OSError:  # a class that a call has made, such as a named tuple, has no text
        if not bound:
            raise
    else:
        yield f"{name} = {ast.dump(_without_docstrings(tree))}"
        yield from _names(tree, module, seen)
        if "<locals>" not in name:
            return
    # Made by a call, of arguments that only the statements of its names have.
    for own in bound:
        yield from _statements(own, module, seen)


def _names(tree: ast.AST, module: ModuleType, seen: set[object]) -> Iterator[str]:
    """Yield the definitions of the names in a piece of code, as far as the project defines them."""
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & set(vars(module))
    others = {*references.attributes(tree, module), *references.imports(tree, module)}
    for origin, name in [(module, name) for name in sorted(used)] + sorted(others, key=_place):
        yield from _parts(origin, seen) if name is None else _member(name, origin, seen)
    if references.imports_by_computed_names(tree):
        yield from references.code_of_package(module)


def _member(name: str, module: ModuleType, seen: set[object]) -> Iterator[str]:
    """Yield the definition of a name of a module, if the project defines it."""
    value = getattr(module, name, None)
    if not isinstance(value, FunctionType | type | ModuleType):
        yield from _statements(name, module, seen)
    elif references.package_of(value) == references.package_of(module):
        yield from _parts(value, seen)
        if not isinstance(value, ModuleType) and "<locals>" in value.__qualname__:
            yield from _statements(name, module, seen)


def _statements(name: str, module: ModuleType, seen: set[object]) -> Iterator[str]:
    """Yield the statements that define a name. Unlike the value of a constant, their text is always the same."""
    if (id(module), name) in seen:
        return
    seen.add((id(module), name))
    for node in references.statements(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom):
            for origin, imported in references.imported_from(node, module, name):
                yield from _statements(imported, origin, seen)
        elif references.defines(node, name):
            yield ast.dump(_without_docstrings(node))
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) else node
            yield from _names(value or node, module, seen)


def _place(reference: tuple[ModuleType, str | None]) -> tuple[str, str]:
    origin, name = reference
    return origin.__name__, name or ""


def _without_docstrings(tree: references.T) -> references.T:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return tree
