"""The wheel that the deployment builds is the wheel that the jobs install."""

from __future__ import annotations

import fnmatch
import os
import posixpath
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from bundle_tools.bundle.bundle_files import ROOT_FILE, read

NoneOf = Callable[[Iterable[str]], None]
LEFT_OUT = shutil.ignore_patterns(".*", "dist", "build", "__pycache__", "tests", "docs")


@pytest.fixture(scope="module")
def sources(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(root, tmp_path_factory.mktemp("wheel") / "project", ignore=LEFT_OUT))


@pytest.fixture(scope="module")
def built(sources: Path) -> list[str]:
    """The files that the bundle's own build commands create, relative to the project."""
    return build(sources)


def build(project: Path, programs: Path = Path(sys.executable).parent) -> list[str]:
    """Run the build command of every artifact like the CLI, but with the build backend that is installed here."""
    environment = os.environ | {
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "PIP_NO_BUILD_ISOLATION": "0",  # means --no-build-isolation in pip, so that no network is needed
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    for key, artifact in (read(project).content.get("artifacts") or {}).items():
        folder = project / (artifact.get("path") or ".")
        done = subprocess.run(  # noqa: S602 - the project's own command, run by a shell as the CLI runs it
            artifact["build"], shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.fail(f"{ROOT_FILE}: artifacts.{key}.build: {done.stdout}{done.stderr}", pytrace=False)
    return [path.relative_to(project).as_posix() for path in project.rglob("*.whl")]


def test_every_path_to_a_wheel_matches_exactly_what_is_built(
    built: list[str], written: dict[str, dict[str, Any]], none_of: NoneOf
) -> None:
    faults = []
    for name, scalars in written.items():
        for path, value in scalars.items():
            if str(value).endswith(".whl"):
                pattern = posixpath.normpath(posixpath.join(posixpath.dirname(name), str(value)))
                matched = [wheel for wheel in built if fnmatch.fnmatchcase(wheel, pattern)]
                if len(matched) != 1:
                    found = f"{len(matched)} of what the build makes: {', '.join(built) or 'nothing'}"
                    faults.append(f"{name}: {path}: '{value}' matches {found}")
    none_of(faults)


def test_the_wheel_is_also_built_where_hatchling_is_not_installed(
    sources: Path, built: list[str], tmp_path: Path
) -> None:
    python = tmp_path / "bin/python3"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\n[ "$2" != "import hatchling" ] && exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    again = Path(shutil.copytree(sources, tmp_path / "again", ignore=LEFT_OUT))
    assert build(again, python.parent) == built


def test_the_wheel_says_in_its_version_what_is_in_it(sources: Path, built: list[str], tmp_path: Path) -> None:
    again = Path(shutil.copytree(sources, tmp_path / "again", ignore=LEFT_OUT))
    assert build(again) == built, "the same sources make a wheel of another name, so every deployment changes the jobs"
    module = next((again / "src").rglob("features.py"))
    module.write_text(module.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    changed = build(again)
    assert len(changed) == 1
    assert changed != built, "changed sources make a wheel of the same name, which compute would not install again"


def test_the_wheel_contains_the_whole_package_and_its_entry_points(sources: Path, built: list[str]) -> None:
    assert len(built) == 1
    with zipfile.ZipFile(sources / built[0]) as wheel:
        held = set(wheel.namelist())
        entry_points = next(name for name in held if name.endswith(".dist-info/entry_points.txt"))
        declared = wheel.read(entry_points).decode().splitlines()
    files = {path.relative_to(sources / "src") for path in (sources / "src").rglob("*") if path.is_file()}
    package = next(path.parts[0] for path in files if path.parts[0] not in {"bundle_tools", "mlops"})
    wanted = {path.as_posix() for path in files if path.parts[0] == package}
    wanted |= {f"{package}/{path.as_posix()}" for path in files if path.parts[0] == "mlops"}
    assert wanted - held == set(), "the jobs would miss these files on Databricks"
    beside = {name for name in held - wanted if ".dist-info/" not in name}
    assert beside == set(), "the wheel contains files that no job needs"
    scripts = tomllib.loads((sources / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert {f"{name} = {target}" for name, target in scripts.items()} <= set(declared)


def test_the_tools_do_not_change_the_wheel(sources: Path, built: list[str], tmp_path: Path) -> None:
    again = Path(shutil.copytree(sources, tmp_path / "again", ignore=LEFT_OUT))
    module = again / "src" / "bundle_tools" / "doctor" / "cli.py"
    module.write_text(module.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert build(again) == built, "a change of the tools would deploy production again"


def test_two_projects_with_different_machinery_can_be_installed_together(
    sources: Path, built: list[str], tmp_path: Path
) -> None:
    other = Path(shutil.copytree(sources, tmp_path / "other", ignore=LEFT_OUT))
    name = tomllib.loads((sources / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    package, neighbour = name.replace("-", "_"), "neighbour"
    text = (other / "pyproject.toml").read_text(encoding="utf-8")
    text = text.replace(f'name = "{name}"', f'name = "{neighbour}"').replace(f'"{package}.', f'"{neighbour}.')
    (other / "pyproject.toml").write_text(text, encoding="utf-8")
    (other / "src" / package).rename(other / "src" / neighbour)
    errors = other / "src" / "mlops" / "errors.py"
    errors.write_text(errors.read_text(encoding="utf-8") + "\nNEWER = True\n", encoding="utf-8")
    for wheel in (sources / built[0], other / build(other)[0]):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(tmp_path / "site-packages")
    found = subprocess.run(
        [sys.executable, "-c", _TWO_PROJECTS, package, neighbour],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site-packages"), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr


# The editable installation in this environment must not hide missing content of the wheels.
_TWO_PROJECTS = """
import importlib, sys
sys.path = [path for path in sys.path if not path.endswith("src")]
one, two = sys.argv[1:]
for name in (one, two):
    entry_points = importlib.import_module(f"{name}.entry_points")
    assert entry_points.train.project is entry_points.PROJECT
    assert entry_points.train.__class__.__module__ == f"{name}.mlops.tasks.task"
    assert hasattr(importlib.import_module(f"{name}.mlops.errors"), "NEWER") == (name == two)
assert "mlops" not in sys.modules
"""
