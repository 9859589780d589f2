"""Builds the wheel: your package, with the machinery inside it.

In this repository `mlops` is a package beside yours. In the wheel it is a subpackage of yours, so that the wheels of
two projects, generated from different versions of the template, can be installed in one environment. The machinery uses
relative imports and is copied unchanged; in your modules, `from mlops` becomes `from <package>.mlops`.

`tool.mlops.machinery` in pyproject.toml says where the machinery is: in a folder, or in a distribution of an index.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface
from packaging.requirements import Requirement

BASE_VERSION = "0.1.0"
CONSTRAINTS = "constraints.txt"  # goes into the machinery's package: the job probe compares what is installed with it

_FROM = re.compile(r"^(\s*from )mlops(?=[ .])", re.MULTILINE)
_IMPORT = re.compile(r"^\s*import mlops\b.*", re.MULTILINE)
_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*")


class Machinery:
    """The machinery of a project.

    Attributes:
        where: Its folder relative to the project, or a requirement such as `acme-mlops==1.0.0`.
        folder: That folder, if `is_folder`.
    """

    def __init__(self, root: Path) -> None:
        pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        self.where = str(pyproject["tool"]["mlops"]["machinery"])
        self.folder = root / self.where
        self.is_folder = self.folder.is_dir()

    @cached_property
    def package(self) -> Path:
        """The folder of the package `mlops`.

        Raises:
            FileNotFoundError: There is neither a folder nor an installed distribution.
        """
        if self.is_folder:
            return self.folder / "src" / "mlops"
        spec = importlib.util.find_spec("mlops")
        if spec is None or spec.origin is None:
            raise FileNotFoundError(
                f"tool.mlops.machinery of pyproject.toml is {self.where!r}, which is neither a folder of the project "
                "nor installed: name the folder, or install that requirement."
            )
        return Path(spec.origin).parent

    @property
    def version(self) -> str:
        """The version of the machinery."""
        if self.is_folder:
            return (self.folder / "VERSION").read_text(encoding="utf-8")
        return importlib.metadata.version(Requirement(self.where).name)

    @property
    def dependencies(self) -> list[str]:
        """What the machinery requires on Databricks."""
        if self.is_folder:
            pyproject = tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))
            return [str(line) for line in pyproject["project"]["dependencies"]]
        lines = importlib.metadata.requires(Requirement(self.where).name) or []
        return [line for line in lines if "extra ==" not in line]

    @property
    def entry_points(self) -> list[str]:
        """The names of its tasks, each an entry point of the wheel."""
        tree = ast.parse((self.package / "tasks" / "__init__.py").read_text(encoding="utf-8"))
        (value,) = [
            node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ENTRY_POINTS"
        ]
        return [str(name) for name in ast.literal_eval(value)]


class ProjectMetadata(MetadataHookInterface):
    """Sets the version of the wheel, and its entry points: `<task> = "<package>.entry_points:<task>"`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set both; the same sources give the same version on every machine, so deploying them again changes nothing.

        Different sources give a different version, so that compute does not keep using an older wheel of that name.
        """
        root, package = Path(self.root), metadata["name"].replace("-", "_")
        machinery = Machinery(root)
        metadata["scripts"] = {name: f"{package}.entry_points:{name}" for name in machinery.entry_points}
        metadata["version"] = f"{BASE_VERSION}+{digest(root, package, machinery)}"


def digest(root: Path, package: str, machinery: Machinery) -> str:
    """Return twelve hexadecimal digits that depend on everything that the wheel is built from."""
    digest = hashlib.sha256()
    for name, content in sorted(sources(root, package, machinery)):
        text = content.replace(b"\r\n", b"\n")
        digest.update(f"{name}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()[:12]


def sources(root: Path, package: str, machinery: Machinery) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of everything that the wheel is built from."""
    for name in ("pyproject.toml", "README.md", "hatch_build.py", CONSTRAINTS):
        yield name, (root / name).read_bytes()
    for name, folder in ((package, root / "src" / package), ("mlops", machinery.package)):
        for path in folder.rglob("*"):
            inside = path.relative_to(folder)
            if path.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in inside.parts):
                yield f"{name}/{inside.as_posix()}", path.read_bytes()
    yield "mlops/VERSION", machinery.version.encode()
    yield "dependencies", "\n".join(machinery.dependencies).encode()


class MachineryInside(BuildHookInterface):  # type: ignore[type-arg,misc] # the hook has no configuration
    """Adds your package, the machinery and its dependencies to the wheel."""

    _staged: Path | None = None

    def dependencies(self) -> list[str]:
        """Return what must be installed to build the wheel: the machinery, unless it is a folder of the project."""
        machinery = Machinery(Path(self.root))
        return [] if machinery.is_folder else [machinery.where]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Choose the files of a wheel; an editable installation uses `src/` directly."""
        if version == "editable":
            return
        package = self.metadata.core.name.replace("-", "_")
        machinery = Machinery(Path(self.root))
        self._staged = Path(tempfile.mkdtemp())
        yours = self._staged / package
        shutil.copytree(Path(self.root) / "src" / package, yours, ignore=_LEFT_OUT)
        for module in yours.rglob("*.py"):
            module.write_bytes(with_machinery_inside(module.read_bytes().decode(), package, module.name).encode())
        shutil.copytree(machinery.package, yours / "mlops", ignore=_LEFT_OUT)
        (yours / "mlops" / "VERSION").write_text(machinery.version, encoding="utf-8")
        shutil.copyfile(Path(self.root) / CONSTRAINTS, yours / "mlops" / CONSTRAINTS)
        for file in self._staged.rglob("*"):
            if file.is_file():
                build_data["force_include"][str(file)] = file.relative_to(self._staged).as_posix()
        build_data["dependencies"] = machinery.dependencies

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - the hook's signature
        """Remove the staged files."""
        if self._staged is not None:
            shutil.rmtree(self._staged)


def with_machinery_inside(text: str, package: str, name: str) -> str:
    """Return the text of a module with its imports of `mlops` changed to imports of `<package>.mlops`.

    Raises:
        ValueError: The module contains `import mlops`, which cannot be renamed.
    """
    if plain := _IMPORT.search(text):
        raise ValueError(f"{name} contains {plain[0].strip()!r}: write `from mlops... import ...` instead.")
    return _FROM.sub(rf"\1{package}.mlops", text)
