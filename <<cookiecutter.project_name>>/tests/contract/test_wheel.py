"""The wheel that the deployment builds is the one that the jobs install."""

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

from << cookiecutter.__package >>.local.bundle_files import ROOT_FILE, read

NoneOf = Callable[[Iterable[str]], None]
LEFT_OUT = shutil.ignore_patterns(".*", "dist", "build", "__pycache__", "tests", "docs")


@pytest.fixture(scope="module")
def sources(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(root, tmp_path_factory.mktemp("wheel") / "project", ignore=LEFT_OUT))


@pytest.fixture(scope="module")
def built(sources: Path) -> list[str]:
    """What the bundle's own build commands make, relative to the project."""
    return build(sources)


def build(project: Path) -> list[str]:
    """Run the build command of every artifact as the CLI does, but with the build backend that is installed here."""
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's way of writing --no-build-isolation: no network is needed
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


def test_the_wheel_says_in_its_version_what_is_in_it(sources: Path, built: list[str], tmp_path: Path) -> None:
    again = Path(shutil.copytree(sources, tmp_path / "again", ignore=LEFT_OUT))
    assert build(again) == built, "the same sources make a wheel of another name, so every deployment changes the jobs"
    module = next((again / "src").rglob("features.py"))
    module.write_text(module.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    changed = build(again)
    assert len(changed) == 1
    assert changed != built, "changed sources make a wheel of the same name, which compute would not install again"


def test_the_wheel_holds_the_whole_package_and_its_entry_points(sources: Path, built: list[str]) -> None:
    assert len(built) == 1
    with zipfile.ZipFile(sources / built[0]) as wheel:
        held = set(wheel.namelist())
        entry_points = next(name for name in held if name.endswith(".dist-info/entry_points.txt"))
        declared = wheel.read(entry_points).decode().splitlines()
    files = {path.relative_to(sources / "src").as_posix() for path in (sources / "src").rglob("*") if path.is_file()}
    assert files - held == set(), "the jobs would miss these files on Databricks"
    scripts = tomllib.loads((sources / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert {f"{name} = {target}" for name, target in scripts.items()} <= set(declared)
