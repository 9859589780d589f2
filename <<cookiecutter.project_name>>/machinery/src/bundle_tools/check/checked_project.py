"""The project that is checked: its files, its bundle in every target, and its tasks. Each is read once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from mlops.errors import ProjectError

from ..bundle.bundle_files import ROOT_FILE, Sources, read
from ..bundle.load import Bundle, load
from ..run.entry_points import Tasks
from .build_wheels import BuiltWheel, build_wheels
from .outcome import NotMadeError, as_fault
from .own_code import load_tasks

DEPLOYER = "ada.lovelace@example.com"


class CheckedProject:
    """A project in a folder.

    Attributes:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def read_sources(self) -> Sources | str:
        """The content of the bundle's files, before any target is chosen, or why they cannot be read."""
        try:
            return read(self.root)
        except ProjectError as error:
            return as_fault(error)

    @property
    def sources(self) -> Sources:
        """The content of the bundle's files, before any target is chosen.

        Raises:
            NotMadeError: A file cannot be read.
        """
        if isinstance(self.read_sources, str):
            raise NotMadeError(self.read_sources)
        return self.read_sources

    @cached_property
    def resolved(self) -> tuple[dict[str, Bundle], dict[str, str]]:
        """The bundle of every target that resolves, and why the others do not.

        Raises:
            NotMadeError: A file cannot be read.
        """
        bundles, reasons = {}, {}
        for target in self.sources.content.get("targets") or {"default": {}}:
            try:
                bundles[target] = self.load(target)
            except ProjectError as error:
                reasons[target] = as_fault(error)
        return bundles, reasons

    @property
    def bundles(self) -> dict[str, Bundle]:
        """The bundle of every target.

        Raises:
            NotMadeError: One does not resolve.
        """
        bundles, reasons = self.resolved
        if reasons:
            raise NotMadeError("; ".join(dict.fromkeys(reasons.values())))
        return bundles

    def bundle(self, target: str) -> Bundle:
        """Return the bundle of one target.

        Raises:
            NotMadeError: A target does not resolve, or there is no target of this name.
        """
        bundles = self.bundles
        if target not in bundles:
            raise NotMadeError(f"{ROOT_FILE} has no target '{target}', only {', '.join(bundles)}")
        return bundles[target]

    def load(self, target: str, **variables: str) -> Bundle:
        """Resolve the bundle for a target and values of variables, as a user called Ada.

        Raises:
            ProjectError: It does not resolve.
        """
        return load(self.root, target, variables=variables, environ={}, user=DEPLOYER)

    @cached_property
    def bundle_files(self) -> list[str]:
        """The paths of databricks.yml and of the files in `resources/`."""
        return [
            ROOT_FILE,
            *sorted(path.relative_to(self.root).as_posix() for path in self.root.glob("resources/*.yml")),
        ]

    @cached_property
    def trees(self) -> dict[str, dict[str, Any]]:
        """The content of each bundle file, as written.

        Raises:
            NotMadeError: One cannot be read.
        """
        _ = self.sources  # the included files are readable
        trees = {}
        for name in self.bundle_files:
            try:
                content = yaml.safe_load((self.root / name).read_text(encoding="utf-8"))
            except (yaml.YAMLError, UnicodeDecodeError) as error:
                raise NotMadeError(f"{name} is not readable YAML: {' '.join(str(error).split())}") from None
            trees[name] = content if isinstance(content, dict) else {}
        return trees

    @cached_property
    def scalars(self) -> dict[str, dict[str, Any]]:
        """Every scalar as written, by file and key path."""
        return {name: dict(_scalars(tree, "")) for name, tree in self.trees.items()}

    @cached_property
    def read_pyproject(self) -> dict[str, Any] | str:
        """The content of pyproject.toml, or why it cannot be used: it is missing, not TOML, or names no project."""
        file = self.root / "pyproject.toml"
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return f"there is no pyproject.toml in {self.root}: restore it"
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            return f"pyproject.toml is not readable TOML: {error}"
        if not isinstance(content.get("project"), dict) or not content["project"].get("name"):
            return "pyproject.toml: project.name is missing: give the project its name"
        return content

    @property
    def pyproject(self) -> dict[str, Any]:
        """The content of pyproject.toml.

        Raises:
            NotMadeError: It cannot be used.
        """
        if isinstance(self.read_pyproject, str):
            raise NotMadeError(self.read_pyproject)
        return self.read_pyproject

    @property
    def package(self) -> str:
        """The name of the package that is yours.

        Raises:
            NotMadeError: pyproject.toml cannot be used.
        """
        return str(self.pyproject["project"]["name"]).replace("-", "_")

    @cached_property
    def built_wheels(self) -> list[list[BuiltWheel]] | str:
        """What the bundle builds from the sources, from the same again, and from changed ones, or why it cannot.

        Raises:
            NotMadeError: A file of the bundle or pyproject.toml cannot be read.
        """
        try:
            return build_wheels(self.root, self.package, self.sources.content.get("artifacts") or {})
        except ProjectError as error:
            return as_fault(error)

    @cached_property
    def loaded_tasks(self) -> Tasks | str:
        """The tasks that the jobs call, by entry point, or why they cannot be imported."""
        try:
            return load_tasks(self.root, self.package)
        except ProjectError as error:
            return as_fault(error)

    @property
    def tasks(self) -> Tasks:
        """The tasks that the jobs call, by entry point.

        Raises:
            NotMadeError: They cannot be imported.
        """
        if isinstance(self.loaded_tasks, str):
            raise NotMadeError(self.loaded_tasks)
        return self.loaded_tasks


def _scalars(tree: object, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict | list):
        pairs = tree.items() if isinstance(tree, dict) else ((f"[{index}]", item) for index, item in enumerate(tree))
        for key, value in pairs:
            yield from _scalars(value, f"{path}.{key}".lstrip(".").replace(".[", "["))
    else:
        yield path, tree
