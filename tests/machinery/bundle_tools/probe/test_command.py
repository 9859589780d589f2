"""The deployed job probe is run and its answers are printed, in a workspace that is told as its HTTP API."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from unittest.mock import patch

import pytest

from bundle_tools.bundle.load import Bundle, load
from bundle_tools.deployment.deployment import Deployment
from bundle_tools.probe.command import probe
from mlops.errors import ProjectError
from mlops.probe.answer import Answer

from fake_jobs import JOBS, FakeJobs
from fake_workspace import FakeWorkspace, Request, error
from generated import generated_project

ROOT = generated_project()
OK = Answer("task values are set by", "ok", "dbruntime.dbutils.DBUtils", "", stand_in=False)
NO = Answer(
    "ownership of the model", "failed", "dev.s.m is owned by eve", "have its owner make you it.", stand_in=False
)
# A task's standard output and errors, as `runs/get-output` returns them (RunOutput.logs of databricks-sdk).
LOGS = {
    "probe_process": f"2026-12-01 INFO mlops: probe it\n{OK}\nmore\n",
    "probe_workspace": f"{NO}\n",
}


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load(ROOT, "staging", {}, environ={})


@pytest.fixture
def jobs(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeJobs]:
    for name in list(os.environ):
        if name.startswith("DATABRICKS_") or name in {"CI", "TF_BUILD"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATABRICKS_TOKEN", "secret-token")
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", os.devnull)
    with patch.dict(os.environ), FakeWorkspace() as workspace:
        found = FakeJobs(workspace, bundle.jobs)
        found.workspace.routes["GET", f"{JOBS}/runs/get-output"] = lambda request: _output(found, request)
        monkeypatch.setattr(Deployment, "job_ids", lambda _: found.ids)
        yield found
        assert workspace.unknown == []


def _output(jobs: FakeJobs, request: Request) -> dict[str, str]:
    wanted = int(request.query["run_id"])
    tasks = [task for run in jobs.runs.values() for task in run["tasks"]]
    key = next(task["task_key"] for task in tasks if task["run_id"] == wanted)
    return {"logs": LOGS.get(key, "")}


def deployment(bundle: Bundle, jobs: FakeJobs) -> Deployment:
    config = {**bundle.config, "workspace": {**bundle.config["workspace"], "host": jobs.workspace.url}}
    return Deployment(replace(bundle, config=config), {})


def test_the_answers_of_both_tasks_are_printed(bundle: Bundle, jobs: FakeJobs) -> None:
    lines: list[str] = []
    probe(deployment(bundle, jobs), 1, lines.append, pause=0)
    assert lines[:2] == [str(OK), str(NO)]
    assert lines[2].startswith("the run, with all that its tasks wrote: http")
    assert jobs.started == [("probe", {})]


def test_a_task_that_fails_is_the_error_and_the_answers_are_still_printed(bundle: Bundle, jobs: FakeJobs) -> None:
    jobs.failing.add("probe_workspace")
    lines: list[str] = []
    with pytest.raises(ProjectError, match=r"the job probe ended as FAILED: probe/probe_workspace .*ProjectError"):
        probe(deployment(bundle, jobs), 1, lines.append, pause=0)
    assert str(NO) in lines


def test_a_task_without_answers_is_named(bundle: Bundle, jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LOGS, "probe_process", "")
    lines: list[str] = []
    probe(deployment(bundle, jobs), 1, lines.append, pause=0)
    assert lines[0].startswith("probe/probe_process printed no answer (SUCCESS)")


def test_without_a_deployment_it_says_what_to_run_first(
    bundle: Bundle, jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deployment, "job_ids", lambda _: {})
    with pytest.raises(ProjectError, match="the job probe is not deployed to staging: run make deploy"):
        probe(deployment(bundle, jobs), 1, print)


def test_a_refusal_of_the_workspace_is_one_sentence(bundle: Bundle, jobs: FakeJobs) -> None:
    jobs.workspace.routes["POST", f"{JOBS}/run-now"] = error(403, "PERMISSION_DENIED", "you may not run it")
    with pytest.raises(ProjectError, match=r"the workspace refuses to run the job probe: .*you may not run it"):
        probe(deployment(bundle, jobs), 1, print, pause=0)
