"""The command starts the job through the vendor's own client, against a fake workspace over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bundle_tools import cli
from bundle_tools.bundle.load import load

from fake_workspace import FakeWorkspace, Request, error
from generated import generated_project

ROOT = generated_project()


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWorkspace]:
    """A workspace in which the bundle is deployed."""
    monkeypatch.setenv("DATABRICKS_TOKEN", "unused")
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", "/dev/null")
    name = str(load(ROOT, "prod").jobs["retraining"]["name"])

    def jobs(request: Request) -> dict[str, Any]:
        return {"jobs": [{"job_id": 77, "settings": {"name": name}}]} if request.query.get("name") == name else {}

    routes: dict[tuple[str, str], Any] = {("GET", f"/api/2.{minor}/jobs/list"): jobs for minor in (1, 2)}
    routes |= {("POST", f"/api/2.{minor}/jobs/run-now"): {"run_id": 5, "number_in_job": 5} for minor in (1, 2)}
    with FakeWorkspace(routes) as fake:
        yield fake


def command(workspace: FakeWorkspace, *words: str) -> int:
    return cli.run(["retrain", "prod", "--root", str(ROOT), "--host", workspace.url, *words])


def started(workspace: FakeWorkspace) -> list[Request]:
    return [request for request in workspace.requests if request.path.endswith("/jobs/run-now")]


def test_the_job_is_started_with_the_reason_once_for_a_token(
    workspace: FakeWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(workspace, "--reason", "prices have changed", "--token", "alert 12") == 0
    (request,) = started(workspace)
    assert request.body == {
        "job_id": 77,
        "idempotency_token": "alert 12",
        "job_parameters": {"reason": "prices have changed"},
    }
    assert capsys.readouterr().out == "run 5 of the job retraining was started\n"
    assert workspace.unknown == []


def test_without_the_job_nothing_is_started(workspace: FakeWorkspace, capsys: pytest.CaptureFixture[str]) -> None:
    for minor in (1, 2):
        workspace.routes["GET", f"/api/2.{minor}/jobs/list"] = {"jobs": []}
    assert command(workspace, "--reason", "prices have changed") == 1
    assert "the workspace has no job" in capsys.readouterr().err
    assert started(workspace) == []


def test_a_refusal_is_one_sentence(workspace: FakeWorkspace, capsys: pytest.CaptureFixture[str]) -> None:
    for minor in (1, 2):
        workspace.routes["POST", f"/api/2.{minor}/jobs/run-now"] = error(403, "PERMISSION_DENIED", "CAN_MANAGE_RUN")
    assert command(workspace, "--reason", "prices have changed") == 1
    told = capsys.readouterr().err
    assert told.startswith("error: the job ")
    assert told.endswith("cannot be started: PermissionDenied: CAN_MANAGE_RUN.\n")


def test_a_reason_is_needed(workspace: FakeWorkspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(workspace, "--reason", " ") == 1
    assert "the reason is empty" in capsys.readouterr().err
    assert workspace.requests == []
