"""The wheel that a deployment builds is the wheel that the jobs install."""

from __future__ import annotations

import fnmatch
import posixpath
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from mlops.errors import ProjectError
from mlops.tasks import ENTRY_POINTS

from ..bundle.bundle_files import ROOT_FILE
from .build_wheel import build_wheels, copy_sources
from .checked_project import CheckedProject
from .machinery_source import MachineryFolder, machinery_source
from .tally import Tally


def every_path_to_a_wheel_matches_what_is_built(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every path to a wheel in the resources matches the one wheel that the bundle builds."""
    with tempfile.TemporaryDirectory() as folder:
        (built,) = build_wheels([copy_sources(project.root, Path(folder, "project"))])
    looked.add("wheel", *built)
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
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_sources(project.root, Path(folder, "project"))
        wheel = _one_wheel(copy, *build_wheels([copy]))
        with zipfile.ZipFile(wheel) as archive:
            held = {name for name in archive.namelist() if not name.endswith("/")}
            metadata = next((name for name in held if name.endswith(".dist-info/entry_points.txt")), "")
            declared = archive.read(metadata).decode().splitlines() if metadata else []
        wanted = set(_wanted(project, copy))
    looked.add("file", *held)
    looked.add("entry point", *ENTRY_POINTS)
    yield from (f"{wheel.name}: {name} is missing, so the jobs fail on Databricks" for name in sorted(wanted - held))
    inside = f"{project.package}/"
    beside = {name for name in held - wanted if ".dist-info/" not in name and not name.startswith(f"{inside}mlops/")}
    yield from (f"{wheel.name}: contains {name}, which no job needs" for name in sorted(beside))
    for name in ENTRY_POINTS:
        if f"{name} = {project.package}.entry_points:{name}" not in declared:
            yield f"{wheel.name}: has no entry point {name}, which a job may call: restore hatch_build.py"


def _wanted(project: CheckedProject, copy: Path) -> Iterator[str]:
    """Yield the files that the wheel must have."""
    for file in (copy / "src" / project.package).rglob("*"):
        if file.is_file():
            yield file.relative_to(copy / "src").as_posix()
    source = machinery_source(project)
    folder = source.path / "src" if isinstance(source, MachineryFolder) else None
    for file in (folder / "mlops").rglob("*.py") if folder else ():
        yield f"{project.package}/{file.relative_to(folder).as_posix()}"
    yield f"{project.package}/mlops/VERSION"


def the_version_of_the_wheel_follows_its_content(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """The same sources give the same version of the wheel, and changed sources another one."""
    with tempfile.TemporaryDirectory() as folder:
        copies = [copy_sources(project.root, Path(folder, name, "project")) for name in ("one", "same", "other")]
        module = copies[-1] / "src" / project.package / "__init__.py"
        module.write_text(f"{module.read_text(encoding='utf-8')}\n# changed\n", encoding="utf-8")
        wheels = [
            _one_wheel(copy, built).name for copy, built in zip(copies, build_wheels(copies), strict=True)
        ]
    looked.add("build", *range(len(wheels)))
    one, same, other = wheels
    if one != same:
        yield f"hatch_build.py: the same sources give {one} and {same}, so that every deployment changes the jobs"
    if one == other:
        yield f"hatch_build.py: changed sources give {one} as well, which compute would not install again"


def _one_wheel(copy: Path, built: list[str]) -> Path:
    if len(built) != 1:
        raise ProjectError(f"{ROOT_FILE}: artifacts: the build makes {len(built)} wheels, not one: {', '.join(built)}")
    return copy / built[0]


CHECKS = (
    every_path_to_a_wheel_matches_what_is_built,
    the_wheel_has_your_package_the_machinery_and_its_entry_points,
    the_version_of_the_wheel_follows_its_content,
)
