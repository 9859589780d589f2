"""Neither make nor the shell evaluates a value that is given to a target of the project's Makefile or of ours."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from baking import ROOT, Bake

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAKE = shutil.which("make") or "make"
HOSTILE = {
    "make function": "$(shell touch pwned)",
    "make function in braces": "${shell touch pwned}",
    "make error": "$(error stop)",
    "backticks": "`touch pwned`",
    "substitution": "$$(touch pwned)",
    "next command": ";touch pwned",
    "background": "&touch pwned&",
    "pipe": "|touch pwned",
    "redirection": ">pwned",
    "single quotes": "'; touch pwned; '",
    "double quotes": '"; touch pwned; "',
    "newline": "a\ntouch pwned",
    "option": "--help",
    "short option": "-x",
    "spaces": "two  words ",  # make itself removes those after the equals sign
    "star": "*",
    "variable": "$HOME",
    "make variable": "$(MAKE)",
    "automatic variable": "$@",
    "comment": "a #b",
    "backslash": "\\",
    "unicode": "é ☃",
}
# Each target with the words of its command: a value is in the place of the variable's name in braces.
TARGETS = {
    "run": [
        "run --engine={ENGINE} --target={TARGET} --source={SOURCE} --rows={ROWS} --drift-from={DRIFT_FROM} "
        "--param={PARAM} --approve={APPROVE} --port={PORT} --on={ON} --profile={PROFILE} -- {JOB}"
    ],
    "lifecycle": [
        "run --engine={ENGINE} --target={TARGET} --source={SOURCE} --rows={ROWS} --drift-from={DRIFT_FROM} "
        "--param={PARAM} --approve={APPROVE} --port={PORT} --on={ON} --profile={PROFILE}"
    ],
    "test": [
        "-m pytest tests/project",
        "check",
        "run --state build/life --engine={ENGINE} --target={TARGET} --source={SOURCE} --rows={ROWS} "
        "--drift-from={DRIFT_FROM} --param={PARAM} --approve={APPROVE} --port={PORT} --on={ON} --profile={PROFILE}",
        "serve-stop --state build/life",
    ],
    "notebook": [
        "run --engine={ENGINE} --target={TARGET} --source={SOURCE} --rows={ROWS} --drift-from={DRIFT_FROM} "
        "--param={PARAM} --approve={APPROVE} --port={PORT} --on={ON} --profile={PROFILE} features",
        "notebook --engine={ENGINE} --target={TARGET} -- {NOTEBOOK}",
    ],
    "rollback": ["rollback --reason={REASON} --to={TO} --engine={ENGINE} --target={TARGET}"],
    "resume": ["resume --reason={REASON} --engine={ENGINE} --target={TARGET}"],
    "jobs": ["jobs --target={TARGET}"],
    "predict": ["predict --engine={ENGINE} --target={TARGET} --json={FILE} -- {KEY}"],
    "query": ["query --engine={ENGINE} --target={TARGET} --json={FILE} -- {KEY}"],
    "serve-stop": ["serve-stop"],
    "load-test": [
        "load-test --target={TARGET} --prefix={PREFIX} --engine={ENGINE} --users={USERS} --seconds={SECONDS} "
        "--p95-ms={P95_MS} --error-share={ERROR_SHARE} --json={FILE}"
    ],
    "report": ["report --engine={ENGINE} --target={TARGET}"],
    "baseline": ["baseline --budget={BUDGET} --engine={ENGINE} --source={SOURCE}"],
    "pin": ["pin --run={RUN} --version={VERSION} --keep={KEEP} --target={TARGET}"],
    "ui": ["ui"],
    "check": ["check"],
    "bootstrap": ["bootstrap --target={TARGET} --apply={APPLY}"],
    "doctor": ["doctor --target={TARGET}"],
    "validate": ["validate --target={TARGET} --prefix={PREFIX}"],
    "plan": ["plan --target={TARGET} --prefix={PREFIX} --commit={COMMIT}"],
    "deploy": [
        "deploy --target={TARGET} --prefix={PREFIX} --commit={COMMIT} --first-run={FIRST_RUN} --force-lock={FORCE_LOCK}"
    ],
    "probe": ["probe --target={TARGET} --prefix={PREFIX} --minutes={MINUTES}"],
    "integration": [
        "integration --target={TARGET} --prefix={PREFIX} --rows={ROWS} --trials={TRIALS} --minutes={MINUTES}"
    ],
    "destroy": ["destroy --target={TARGET} --prefix={PREFIX} --force-lock={FORCE_LOCK}"],
    "sweep": ["sweep --target={TARGET} --hours={HOURS}"],
    "test-project": ["-m pytest tests/project"],
    "coverage": [
        "-m pytest --quiet --cov --cov-report=term:skip-covered --cov-report=xml:build/coverage.xml tests/project"
    ],
    "lint": ["check .", "format --check .", ""],
    "format": ["check --fix .", "format ."],
}
MACHINERY = "<<cookiecutter.project_name>>/machinery"
OWN_TARGETS = {
    "bench": ["tests/template/bench.py -- {SOURCE}"],
    "bench-rollout": ["-m rollout_simulation {ROLLOUTS}"],
    "compare-release": ["tests/template/release.py compare"],
    "lint": [
        f"check . {MACHINERY}",
        f"format --check . {MACHINERY}",
        "",
        f"--config-file {MACHINERY}/pyproject.toml {MACHINERY}/src",
    ],
}


def words(command: str, value: str) -> list[str]:
    """The words of a command, with the value in the place of each variable."""
    return [re.sub(r"\{\w+\}", lambda _: value, word) for word in command.split()]


def variables(makefile: Path) -> set[str]:
    """Every variable that a Makefile sets or lets a user set, and some of make's own."""
    text = makefile.read_text(encoding="utf-8")
    set_here = set(re.findall(r"^override ([\w.]+) :?=", text, re.MULTILINE))
    return set_here | settable(text) | {"MAKE", "CURDIR", "MAKEFILE_LIST", "UNKNOWN"}


def settable(makefile: str) -> set[str]:
    """The variables that a user may set."""
    found = re.search(r"SETTABLE := ((?:.*\\\n)*.*)", makefile)
    assert found is not None
    return set(found[1].replace("\\", "").split())


@dataclass(frozen=True)
class Place:
    """A folder with a Makefile and programs that only record their words."""

    folder: Path

    def programs(self, *paths: str) -> None:
        """Put recording programs into the folder."""
        script = f'#!/bin/sh\nprintf \'%s\\0\' "$#" "$@" >> {self.folder}/calls\n'
        for path in paths:
            program = self.folder / path
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text(script, encoding="utf-8")
            program.chmod(0o755)

    def ready(self, *stamps: str) -> None:
        """Make environments look complete."""
        for stamp in stamps:
            (self.folder / stamp).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / stamp).touch()

    def make(self, target: str, given: Mapping[str, str], way: str) -> subprocess.CompletedProcess[str]:
        """Make a target with these variables, from the command line or from the environment."""
        path = os.pathsep.join([str(self.folder / "tools"), "/usr/bin", "/bin"])
        base = {"PATH": path, "HOME": str(self.folder), "TARGET": "", "ENGINE": ""}
        on_line = [f"{name}={value}" for name, value in given.items()] if way == "command line" else []
        from_environment = given if way == "environment" else {}
        return subprocess.run(
            [MAKE, target, *on_line],
            cwd=self.folder,
            env={**base, **from_environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[list[str]]:
        """The words of each call since the last time."""
        file = self.folder / "calls"
        parts = file.read_bytes().decode().split("\0")[:-1] if file.exists() else []
        file.unlink(missing_ok=True)
        found = []
        while parts:
            count = int(parts.pop(0))
            found.append([parts.pop(0) for _ in range(count)])
        return found

    def assert_nothing_was_evaluated(self) -> None:
        """No value has left a file behind."""
        assert list(self.folder.rglob("pwned*")) == []


@pytest.fixture(scope="module")
def project(bake: Bake, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A project that looks as if make setup had run."""
    place = Place(bake(serving=True).copy_to(tmp_path_factory.mktemp("project")).path)
    for name in ("mlops", "python", "ruff", "mypy", "nbstripout", "pre-commit"):
        place.programs(f".venv/bin/{name}")
    place.ready(".venv/.ready", ".venv-load/.ready")
    return place


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The template's own Makefile in a folder that looks as if its environments were complete."""
    place = Place(tmp_path_factory.mktemp("template"))
    machinery = f"{MACHINERY}/pyproject.toml"
    for path in ("Makefile", "requirements-test.txt", machinery, "templates/constraints/serverless-v5.txt"):
        (place.folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, place.folder / path)
    place.programs(
        ".venv/bin/python", ".venv/bin/ruff", ".venv/bin/mypy", "tools/python3.12", "tools/git", "tools/make"
    )
    place.ready(".venv/.created", ".venv/.generator", ".venv/.tests")
    (place.folder / "build/demo/nyc-taxi").mkdir(parents=True)
    return place


WAYS = pytest.mark.parametrize("way", ["command line", "environment"])
VALUES = pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)


@WAYS
@VALUES
def test_a_value_reaches_the_command_as_one_word(project: Place, value: str, way: str) -> None:
    given = dict.fromkeys(sorted(variables(project.folder / "Makefile")), value)
    for target, commands in TARGETS.items():
        found = project.make(target, given, way)
        assert found.returncode == 0, (target, found.stderr)
        assert project.calls()[: len(commands)] == [words(command, value) for command in commands], target
    project.assert_nothing_was_evaluated()


@WAYS
@VALUES
def test_a_value_is_no_python(project: Place, value: str, way: str) -> None:
    """Nor is it one for a new environment."""
    for target in ("changes", "comment", "ci-files", "setup"):
        stamp = project.folder / ".venv/.ready"
        if target == "setup":
            stamp.unlink()
        found = project.make(target, {"PYTHON": value}, way)
        project.ready(".venv/.ready", ".venv-load/.ready")
        assert found.returncode == 2
        (told,) = [line for line in found.stderr.splitlines() if not line.startswith("make: ")]
        assert told.startswith("error: Python 3.11, 3.12 or 3.13 is needed: install it, or give its path (make setup ")
        assert project.calls() == []
    project.assert_nothing_was_evaluated()


@WAYS
@VALUES
def test_the_commit_that_changes_are_compared_with_is_one_word(project: Place, value: str, way: str) -> None:
    project.programs("tools/own python")
    found = project.make("changes", {"PYTHON": str(project.folder / "tools/own python"), "BASE": value}, way)
    assert found.returncode == 0, found.stderr
    assert project.calls()[-1] == ["ci/changes.py", value]
    project.assert_nothing_was_evaluated()


def test_no_value_is_passed_on_that_was_not_given(project: Place) -> None:
    for target, commands in TARGETS.items():
        assert project.make(target, {}, "command line").returncode == 0
        expected = [re.sub(r" (--[\w-]+=|-- )\{\w+\}", "", command) for command in commands]
        assert project.calls()[: len(commands)] == [command.split() for command in expected], target


def test_every_target_with_a_value_is_tested(project: Place) -> None:
    text = (project.folder / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
    of_python = {"setup", "changes", "comment", "ci-files"}
    without_values = {"help", "databricks-cli", "clean-notebooks", "hooks", "clean"}
    assert targets == set(TARGETS) | of_python | without_values
    named = {
        name for commands in TARGETS.values() for command in commands for name in re.findall(r"\{(\w+)\}", command)
    }
    settable = re.search(r"SETTABLE := ((?:.*\\\n)*.*)", text)
    assert settable is not None
    assert named | {"PYTHON", "BASE"} == set(settable[1].replace("\\", "").split())


@pytest.mark.parametrize(
    ("given", "folder"),
    [("ENGINE=sail", ".venv"), ("ENGINE=spark", ".venv-spark"), ("ON=databricks", ".venv-databricks")],
)
def test_the_environment_is_that_of_the_engine(project: Place, given: str, folder: str) -> None:
    command = [MAKE, "--dry-run", "--no-print-directory", "jobs", given]
    outside = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    shown = subprocess.run(command, cwd=project.folder, env=outside, capture_output=True, text=True, check=True).stdout
    assert shown.splitlines()[-1] == f"{folder}/bin/mlops jobs "


@WAYS
@VALUES
def test_a_value_reaches_our_own_commands_as_one_word(template: Place, value: str, way: str) -> None:
    names = variables(template.folder / "Makefile") - {"PYTHON", "SCALE"}
    for target, commands in OWN_TARGETS.items():
        found = template.make(target, dict.fromkeys(sorted(names), value), way)
        assert found.returncode == 0, (target, found.stderr)
        calls = template.calls()
        assert calls[-len(commands) :] == [words(command, value) for command in commands], target
    template.assert_nothing_was_evaluated()


@WAYS
@VALUES
def test_notes_simulations_and_the_demo_take_no_code(template: Place, value: str, way: str) -> None:
    notes = template.make("release-notes", {"TAG": value}, way)
    assert notes.returncode == 0, notes.stderr
    assert template.calls()[-1] == ["tests/template/release.py", "notes", value]
    simulated = template.make("bench-monitoring", {"LIVES": value, "SCALE": value}, way)
    assert simulated.returncode == 2
    assert 'error: SCALE is not a list of whole numbers: write it as SCALE="1 4 16".' in simulated.stderr
    assert template.calls()[-1] == ["-m", "monitoring_simulation", value]
    demo = template.make("demo", {"SOURCE": value}, way)
    assert demo.returncode == 2
    assert "error: there is no such source file: give the path of a parquet or CSV file." in demo.stderr
    no_python = template.make("lint", {"PYTHON": value}, way)
    assert no_python.returncode == 2
    assert "error: Python 3.11, 3.12 or 3.13 is needed" in no_python.stderr
    template.calls()
    template.assert_nothing_was_evaluated()


def test_scales_are_words_and_a_source_file_of_any_name_reaches_the_demo(template: Place) -> None:
    assert template.make("bench-monitoring", {"SCALE": "1 4 16"}, "command line").returncode == 0
    assert template.calls()[-2:] == [
        ["-m", "monitoring_simulation", "10"],
        ["-m", "monitoring_simulation.scale", "1", "4", "16"],
    ]
    name = "$(touch pwned) 'é'.parquet"
    (template.folder / name).touch()
    make = template.folder / "tools/make"
    make.write_text(make.read_text(encoding="utf-8").replace('"$#" "$@"', '1 "$SOURCE"'), encoding="utf-8")
    found = template.make("demo", {"SOURCE": name}, "command line")
    assert found.returncode == 0, found.stderr
    assert template.calls()[-1] == [str(template.folder / name)]
    (template.folder / name).unlink()
    template.assert_nothing_was_evaluated()
