"""Where the machinery of a project comes from: a folder of the project, or a distribution of an index."""

from __future__ import annotations

import importlib.metadata
import tomllib
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from mlops.errors import ProjectError

from .checked_project import CheckedProject

_SETTING = "pyproject.toml: tool.mlops.machinery"


@dataclass(frozen=True)
class MachineryFolder:
    """The machinery as a folder of the project.

    Attributes:
        path: The folder.
        name: Its path as in pyproject.toml.
    """

    path: Path
    name: str

    def requirements(self, *extras: str) -> list[str]:
        """Return what it requires on Databricks, and for these extras."""
        file = self.path / "pyproject.toml"
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
            groups = table.get("optional-dependencies") or {}
            return [*table["dependencies"], *(line for extra in extras for line in groups[extra])]
        except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
            raise ProjectError(
                f"{self.name}/pyproject.toml does not say what the machinery requires ({error}): restore the folder"
            ) from None


@dataclass(frozen=True)
class MachineryDistribution:
    """The machinery as an installed distribution.

    Attributes:
        requirement: As in pyproject.toml.
        version: The version that is installed.
    """

    requirement: Requirement
    version: str

    def requirements(self, *extras: str) -> list[str]:
        """Return what it requires on Databricks, and for these extras."""
        lines = importlib.metadata.requires(self.requirement.name) or []
        return [line for line in lines if _applies(Requirement(line), extras)]


def _applies(requirement: Requirement, extras: tuple[str, ...]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def machinery_source(project: CheckedProject) -> MachineryFolder | MachineryDistribution:
    """Return where the machinery comes from.

    Raises:
        ProjectError: The setting is missing, or names neither a folder nor an installed distribution.
    """
    where = ((project.pyproject.get("tool") or {}).get("mlops") or {}).get("machinery")
    if not isinstance(where, str) or not where:
        raise ProjectError(f"{_SETTING} is missing: name the folder of the machinery, or a requirement")
    if (project.root / where).is_dir():
        return MachineryFolder(project.root / where, where)
    try:
        requirement = Requirement(where)
        version = importlib.metadata.version(requirement.name)
    except InvalidRequirement:
        raise ProjectError(f"{_SETTING}: '{where}' is neither a folder of the project nor a requirement") from None
    except importlib.metadata.PackageNotFoundError:
        raise ProjectError(
            f"{_SETTING}: '{where}' is neither a folder of the project nor installed: restore the folder, or run "
            "make setup"
        ) from None
    if not requirement.specifier.contains(version, prereleases=True):
        raise ProjectError(f"{_SETTING}: '{where}' is required, and {version} is installed: run make setup")
    return MachineryDistribution(requirement, version)
