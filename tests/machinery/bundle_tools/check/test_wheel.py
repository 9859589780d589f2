"""What the wheel of a project promises beside what `check` looks at."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bundle_tools.bundle.bundle_files import read
from bundle_tools.check.outcome import Outcome, Status

from generated import generated_project

Check = Callable[[str], Outcome]
Edit = Callable[[str, str, str], None]


def build(project: Path, programs: Path = Path(sys.executable).parent) -> Path:
    """Build the wheel as the bundle does, without its pip going to an index, and return it."""
    environment = os.environ | {
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "PIP_NO_BUILD_ISOLATION": "0",  # means --no-build-isolation in pip
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    (artifact,) = read(project).content["artifacts"].values()
    done = subprocess.run(  # noqa: S602 - the project's own command, run by a shell as the CLI runs it
        artifact["build"], shell=True, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = project.rglob("*.whl")
    return wheel


def whole_copy(folder: Path) -> Path:
    """Return a copy of a generated project with its machinery, which may be edited."""
    left_out = shutil.ignore_patterns(".*", "__pycache__", "tests", "docs")
    return Path(shutil.copytree(generated_project(), folder / "project", ignore=left_out))


def append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write(text)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(whole_copy(tmp_path_factory.mktemp("wheel")))


def test_the_wheel_is_also_built_where_hatchling_is_not_installed(wheel: Path, tmp_path: Path) -> None:
    python = tmp_path / "bin/python3"
    python.parent.mkdir()
    asked = tmp_path / "asked"
    python.write_text(
        f'#!/bin/sh\n[ "$2" = "import hatchling" ] && touch "{asked}" && exit 1\nexec "{sys.executable}" "$@"\n'
    )
    python.chmod(0o755)
    assert build(whole_copy(tmp_path), python.parent).name == wheel.name
    assert asked.exists()


def test_the_tools_do_not_change_the_wheel(wheel: Path, tmp_path: Path) -> None:
    project = whole_copy(tmp_path)
    for package in ("bundle_tools", "mlops_local"):
        append(project / f"machinery/src/{package}/__init__.py", "\n# changed\n")
    assert build(project).name == wheel.name


@pytest.mark.parametrize("file", ["machinery/src/mlops/errors.py", "src/nyc_taxi/project.yml", "hatch_build.py"])
def test_what_the_wheel_is_made_of_changes_its_name(wheel: Path, tmp_path: Path, file: str) -> None:
    project = whole_copy(tmp_path)
    append(project / file, "\n# changed\n")
    assert build(project).name != wheel.name


def test_two_projects_with_different_machinery_can_be_installed_together(wheel: Path, tmp_path: Path) -> None:
    other = whole_copy(tmp_path)
    pyproject = other / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    assert 'name = "nyc-taxi"' in text
    pyproject.write_text(text.replace('name = "nyc-taxi"', 'name = "neighbour"'), encoding="utf-8")
    (other / "src/nyc_taxi").rename(other / "src/neighbour")
    append(other / "machinery/src/mlops/errors.py", "\nNEWER = True\n")
    installed = tmp_path / "site-packages"
    for archive in (wheel, build(other)):
        with zipfile.ZipFile(archive) as content:
            content.extractall(installed)
    done = subprocess.run(
        [sys.executable, "-c", TWO_PROJECTS, "nyc_taxi", "neighbour"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# The packages of this repository must not hide missing content of the wheels.
TWO_PROJECTS = """
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


def test_a_build_that_fails_is_a_fault_with_its_last_line(check: Check, edit: Edit) -> None:
    edit("hatch_build.py", "import ast\n", "import ast\nraise SystemExit('no wheel today')\n")
    outcome = check("every_path_to_a_wheel_matches_what_is_built")
    assert outcome.status is Status.FAILED
    assert outcome.faults == ("databricks.yml: artifacts.wheel.build: no wheel today",)


def test_a_build_of_two_wheels_is_a_fault(check: Check, edit: Edit) -> None:
    edit("databricks.yml", "rm -rf dist", "rm -rf dist; touch other-1.0-py3-none-any.whl")
    outcome = check("every_path_to_a_wheel_matches_what_is_built")
    assert "the build makes 2 wheels, not one" in outcome.faults[0]
    assert check("the_version_of_the_wheel_follows_its_content").status is Status.NOT_CHECKED
