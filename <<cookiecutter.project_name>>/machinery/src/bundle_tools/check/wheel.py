"""The wheel that a deployment builds is the wheel that the jobs install."""

from __future__ import annotations

import fnmatch
import io
import posixpath
import zipfile
from collections.abc import Iterator

from mlops.tasks import ENTRY_POINTS

from ..bundle.bundle_files import ROOT_FILE
from .build_wheels import BuiltWheel
from .checked_project import CheckedProject
from .machinery_source import MachineryFolder, machinery_source
from .outcome import NotMadeError
from .tally import Tally


def every_path_to_a_wheel_matches_what_is_built(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """The bundle builds one wheel, and every path to a wheel in the resources matches it."""
    if isinstance(project.built_wheels, str):
        yield project.built_wheels
        return
    built = [wheel.path for wheel in project.built_wheels[0]]
    looked.add_around("wheel", *built)
    if len(built) != 1:
        yield f"{ROOT_FILE}: artifacts: the build makes {len(built)} wheels, not one: {', '.join(built) or 'none'}"
    for name, scalars in project.scalars.items():
        for path, value in scalars.items():
            if str(value).endswith(".whl"):
                looked.add("path", (name, path))
                pattern = posixpath.normpath(posixpath.join(posixpath.dirname(name), str(value)))
                matched = [wheel for wheel in built if fnmatch.fnmatchcase(wheel, pattern)]
                if len(matched) != 1:
                    made = ", ".join(built) or "nothing"
                    yield f"{name}: {path}: '{value}' matches {len(matched)} of what the build makes: {made}"


def the_wheel_has_your_package_the_machinery_and_its_entry_points(
    project: CheckedProject, looked: Tally
) -> Iterator[str]:
    """The wheel has your whole package, the machinery inside it, and every entry point."""
    wheel = _single_wheels(project)[0]
    with zipfile.ZipFile(io.BytesIO(wheel.content)) as archive:
        held = {name for name in archive.namelist() if not name.endswith("/")}
        metadata = next((name for name in held if name.endswith(".dist-info/entry_points.txt")), "")
        declared = archive.read(metadata).decode().splitlines() if metadata else []
    looked.add("file", *held)
    looked.add("entry point", *ENTRY_POINTS)
    machinery = f"{project.package}/mlops/"
    wanted = {*_own_files(project), *(f"{machinery}{name}" for name in _machinery_files(project))}
    beside = {name for name in held - wanted if ".dist-info/" not in name and not name.startswith(machinery)}
    yield from (f"{wheel.path}: {name} is missing, so the jobs fail on Databricks" for name in sorted(wanted - held))
    yield from (f"{wheel.path}: contains {name}, which no job needs" for name in sorted(beside))
    for name in ENTRY_POINTS:
        if f"{name} = {project.package}.entry_points:{name}" not in declared:
            yield f"{wheel.path}: has no entry point {name}, which a job may call: restore hatch_build.py"


def _own_files(project: CheckedProject) -> Iterator[str]:
    """Yield the files of your package that the wheel must have."""
    source = project.root / "src"
    for file in (source / project.package).rglob("*"):
        path = file.relative_to(source)
        if file.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in path.parts):
            yield path.as_posix()


def _machinery_files(project: CheckedProject) -> Iterator[str]:
    """Yield the files of the machinery that the wheel must have, relative to its package."""
    yield from ("VERSION", "__init__.py", "constraints.txt", "tasks/__init__.py")
    source = machinery_source(project)
    if isinstance(source, MachineryFolder):
        package = source.path / "src" / "mlops"
        yield from (file.relative_to(package).as_posix() for file in package.rglob("*.py"))


def the_version_of_the_wheel_follows_its_content(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """The same sources give the same version of the wheel, and changed sources another one."""
    wheel, same, changed = (posixpath.basename(build.path) for build in _single_wheels(project))
    looked.add("build", wheel, "same", "changed")
    if wheel != same:
        yield f"hatch_build.py: the same sources give {wheel} and {same}, so every deployment changes the jobs"
    if wheel == changed:
        yield f"hatch_build.py: changed sources give {wheel} as well, which compute would not install again"


def _single_wheels(project: CheckedProject) -> list[BuiltWheel]:
    """Return the wheel of each build.

    Raises:
        NotMadeError: A build fails, or makes no wheel or several.
    """
    if isinstance(project.built_wheels, str):
        raise NotMadeError(project.built_wheels)
    if any(len(built) != 1 for built in project.built_wheels):
        raise NotMadeError("the bundle does not build one wheel")
    return [built[0] for built in project.built_wheels]


CHECKS = (
    every_path_to_a_wheel_matches_what_is_built,
    the_wheel_has_your_package_the_machinery_and_its_entry_points,
    the_version_of_the_wheel_follows_its_content,
)
