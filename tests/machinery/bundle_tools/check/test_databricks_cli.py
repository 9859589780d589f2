"""The checks with the Databricks CLI: the real one where it is installed, and otherwise a program in its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bundle_tools.check.outcome import Outcome, Status

Check = Callable[[str], Outcome]
Edit = Callable[[str, str, str], None]

VALIDATES = "the_cli_validates_every_target_without_a_warning"
READS = "the_cli_reads_the_bundle_as_the_local_runner_does"
needs_cli = pytest.mark.skipif(shutil.which("databricks") is None, reason="the Databricks CLI is not on the PATH")


def put_on_path(program: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a shell script on the PATH under the name of the CLI."""
    folder.mkdir(exist_ok=True)
    cli = folder / "databricks"
    cli.write_text(f"#!/bin/sh\n{program}\n", encoding="utf-8")
    cli.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize("name", [VALIDATES, READS])
def test_without_the_cli_the_check_is_not_run(
    check: Check, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = check(name)
    assert (outcome.status, outcome.is_good) == (Status.NOT_RUN, True)
    assert outcome.reason.startswith("the Databricks CLI is not on the PATH: install it")


def test_a_warning_of_the_cli_is_a_fault(check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_path("echo 'Warning: unknown field: x'; echo 'Validation OK!'", tmp_path / "bin", monkeypatch)
    outcome = check(VALIDATES)
    assert [fault.partition(":")[0] for fault in outcome.faults] == ["target dev", "target staging", "target prod"]
    assert "Warning: unknown field: x" in outcome.faults[0]


def test_jobs_that_the_cli_does_not_read_are_faults(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = '{"resources": {"jobs": {"other": {}}}}'
    put_on_path(f"echo '{answer}'", tmp_path / "bin", monkeypatch)
    faults = check(READS).faults
    assert "databricks.yml: resources.jobs.other (target dev): only the Databricks CLI has this job" in faults
    assert "resources/training.job.yml: resources.jobs.training (target prod): only a local run has this job" in faults


def test_an_answer_that_is_no_json_is_a_fault(check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_path("echo 'Error: no such target' >&2", tmp_path / "bin", monkeypatch)
    assert check(READS).faults[0] == "target dev: databricks bundle validate: Error: no such target"


@needs_cli
@pytest.mark.parametrize("name", [VALIDATES, READS])
def test_the_real_cli_accepts_a_generated_project(check: Check, name: str) -> None:
    outcome = check(name)
    assert (outcome.status, outcome.faults) == (Status.PASSED, ())


@needs_cli
def test_the_real_cli_finds_an_error(check: Check, edit: Edit) -> None:
    edit("resources/features.job.yml", "      timeout_seconds:", "      timeout_second:")
    faults = check(VALIDATES).faults
    assert len(faults) == 3
    assert "unknown field: timeout_second" in faults[0]
