"""The installed packages beside the versions that the platform brings: constraints.txt, which the wheel contains."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..errors import ProjectError
from ..project import Project

FILE = "constraints.txt"


def pins(project: Project) -> dict[str, str]:
    """Return the version of each package that the platform brings; none if nothing says which.

    The wheel of a project has the file in this package; on a laptop it is next to `src/`.
    """
    package = Path(inspect.getfile(project.build_model)).resolve()
    for folder in (Path(__file__).parents[1], *package.parents[1:3]):
        if (folder / FILE).is_file():
            return _read((folder / FILE).read_text(encoding="utf-8"))
    return {}


def _read(text: str) -> dict[str, str]:
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    requirements = [Requirement(line) for line in lines if line]
    return {
        canonicalize_name(each.name): str(next(iter(each.specifier)).version) for each in requirements if each.specifier
    }


def compare(pins: Mapping[str, str], replaced: Collection[str]) -> str:
    """Return how the installed versions differ from the pinned ones.

    Args:
        pins: The version of each package that the platform brings.
        replaced: The packages whose versions may differ, because the environment of the jobs replaces them.

    Raises:
        ProjectError: Another package has another version.
    """
    installed = {name: _installed(name) for name in pins}
    differing = {name: actual for name, actual in installed.items() if actual and actual != pins[name]}
    allowed = {canonicalize_name(name) for name in replaced}
    shown = {name: f"{name} {pins[name]} -> {actual}" for name, actual in sorted(differing.items())}
    if unexpected := [text for name, text in shown.items() if name not in allowed]:
        raise ProjectError(f"{len(unexpected)} packages were replaced: {', '.join(unexpected)}")
    same = sum(actual == pins[name] for name, actual in installed.items())
    if not same:
        raise ProjectError(f"none of the {len(pins)} packages of the platform is installed in its version")
    absent = sum(not actual for actual in installed.values())
    return f"{same} of {len(pins)} as the platform has them, {absent} not installed, replaced: " + (
        ", ".join(shown.values()) or "none"
    )


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
