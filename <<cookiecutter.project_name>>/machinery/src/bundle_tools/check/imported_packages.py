"""The packages that modules import, and the packages that requirements install."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# Import names that differ from the name of their package, as far as they matter before it is installed.
_PACKAGES = {"grpc": "grpcio", "mlflow": "mlflow-skinny", "sklearn": "scikit-learn", "yaml": "pyyaml"}
# Namespaces that several packages share.
_NAMESPACES = ("databricks", "google")
# Where the wheel is installed.
_DATABRICKS = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.12.3",
    "python_version": "3.12",
    "sys_platform": "linux",
}


def names(requirements: Iterable[str]) -> set[str]:
    """Return the names of the packages that are required."""
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def undeclared_imports(files: Iterable[Path], declared: set[str]) -> Iterator[tuple[Path, str]]:
    """Yield each module with the name of each package that it imports and that is not declared.

    The standard library aside; an import inside a function counts.

    Raises:
        SyntaxError: A file is not Python.
    """
    for file in files:
        for module in sorted(set(_imports(ast.parse(file.read_bytes(), str(file))))):
            top, _, rest = module.partition(".")
            is_shared = top in _NAMESPACES and rest
            name = f"{top}-{rest.partition('.')[0]}" if is_shared else _PACKAGES.get(top, top)
            if top in sys.stdlib_module_names or canonicalize_name(name) in declared:
                continue
            if is_shared or not _installed_names().get(top, set()) & declared:
                yield file, canonicalize_name(name)


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@cache
def _installed_names() -> Mapping[str, set[str]]:
    """The installed packages that have a module of each import name; it takes half a second."""
    return {
        top: {str(canonicalize_name(name)) for name in packages} for top, packages in packages_distributions().items()
    }


def installed_by(requirements: Iterable[str], brought: Iterable[str]) -> Iterator[tuple[Requirement, str]]:
    """Yield requirements and those of what they install, each with ` by <package>` for who requires it.

    What is brought along installs nothing.
    """
    present = set(brought)
    waiting = [(Requirement(line), "") for line in requirements]
    seen = set()
    while waiting:
        requirement, by = waiting.pop()
        yield requirement, by
        name = canonicalize_name(requirement.name)
        if name in seen or name in present:
            continue
        seen.add(name)
        for line in _requires(name):
            inner = Requirement(line)
            extras = requirement.extras or {""}
            if inner.marker is None or any(inner.marker.evaluate(_DATABRICKS | {"extra": extra}) for extra in extras):
                waiting.append((inner, f" by {name}"))


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:  # for other systems only
        return []
