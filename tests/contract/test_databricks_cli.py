"""Runs the real Databricks CLI, if installed, on the bundle, with a fake workspace for the few calls that it makes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract.triggers import TRIGGERS, start_inference_by

from bundle_tools.bundle.bundle_files import ROOT_FILE
from bundle_tools.bundle.load import Bundle

from fake_workspace import SCIM, USER, FakeWorkspace, person

CLI = shutil.which("databricks")
pytestmark = pytest.mark.skipif(CLI is None, reason="the Databricks CLI is not on PATH: install it to run this test")


@pytest.fixture
def workspace() -> Iterator[FakeWorkspace]:
    # The CLI also compares the bundle's permissions with those of its folder.
    with FakeWorkspace({("GET", "/api/2.0/permissions/directories/1"): {"object_type": "directory"}}) as fake:
        yield fake
        assert fake.unknown == [], "the CLI makes a call that the fake does not know"


@pytest.fixture
def project(root: Path, workspace: FakeWorkspace, tmp_path: Path) -> Path:
    """A copy of the project in which every host is the fake workspace."""
    left_out = shutil.ignore_patterns(".*", "build", "dist", "__pycache__")
    copy = Path(shutil.copytree(root, tmp_path / "project", ignore=left_out))
    file = copy / ROOT_FILE
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(?m)^(\s+host:).*$", rf"\1 {workspace.url}", text), encoding="utf-8")
    return copy


def test_the_cli_validates_every_target_without_a_warning(
    bundle: Bundle, project: Path, workspace: FakeWorkspace
) -> None:
    # The deployer also runs the jobs: the service principal in staging and production, the user in development.
    deployer = (bundle.config.get("run_as") or {}).get("service_principal_name", USER)
    workspace.routes["GET", f"{SCIM}/Me"] = person(deployer)
    done = databricks(project, "bundle", "validate", "--strict", "--target", bundle.target)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "Validation OK!" in said
    assert not re.search(r"(?m)^(?:Warning|Recommendation|Error)", said), said


def test_the_cli_reads_the_bundle_as_the_local_runner_does(bundle: Bundle, project: Path) -> None:
    done = databricks(project, "bundle", "validate", "--output", "json", "--target", bundle.target)
    seen = json.loads(done.stdout)
    assert list(seen["resources"]["jobs"]) == sorted(bundle.jobs)
    for key, job in seen["resources"]["jobs"].items():
        assert tasks(job) == tasks(bundle.jobs[key])
        assert job.get("schedule") == bundle.jobs[key].get("schedule")
        assert job.get("trigger") == bundle.jobs[key].get("trigger")


def tasks(job: dict[str, list[dict[str, object]]]) -> dict[object, tuple[object, ...]]:
    """Each task's dependencies, number of attempts and compute, by task key."""
    fields = ("depends_on", "max_retries", "timeout_seconds", "environment_key", "job_cluster_key")
    return {task["task_key"]: tuple(task.get(field) for field in fields) for task in job["tasks"]}


@pytest.mark.parametrize("kind", TRIGGERS)
def test_the_cli_accepts_every_trigger_and_pauses_it_in_development(project: Path, kind: str) -> None:
    start_inference_by(project, kind)
    done = databricks(project, "bundle", "validate", "--strict", "--output", "json", "--target", "dev")
    assert done.returncode == 0, done.stderr
    (trigger,) = [job["trigger"] for job in json.loads(done.stdout)["resources"]["jobs"].values() if "trigger" in job]
    assert (set(trigger), trigger["pause_status"]) == ({kind, "pause_status"}, "PAUSED")


def test_the_cli_finds_an_error(project: Path) -> None:
    file = project / ROOT_FILE
    file.write_text(file.read_text(encoding="utf-8").replace("mode: production", "mode: productive"), encoding="utf-8")
    assert databricks(project, "bundle", "validate", "--strict", "--target", "prod").returncode != 0


def databricks(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the CLI without the settings and credentials of this machine."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("DATABRICKS_", "BUNDLE_VAR_"))}
    environment = own | {
        "DATABRICKS_TOKEN": "not-a-token",
        "DATABRICKS_AUTH_TYPE": "pat",
        "DATABRICKS_CONFIG_FILE": os.devnull,
        "DATABRICKS_CLI_DISABLE_UPDATE_CHECK": "1",
        "DATABRICKS_CACHE_ENABLED": "false",
        "HOME": str(project),
    }
    assert CLI is not None
    return subprocess.run(
        [CLI, *words], cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
