"""The whole integration of this project's own jobs, in a workspace that is told as its HTTP API."""

from __future__ import annotations

import os
import signal
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from databricks.sdk import WorkspaceClient

from bundle_tools.bundle.load import Bundle, load
from bundle_tools.deployment.deployment import Deployment
from bundle_tools.integration import checks, serving_checks, steps, warehouse
from bundle_tools.integration.integrate import integrate
from bundle_tools.integration.limits import Limits
from bundle_tools.integration.runs import Waiting, minutes_from_now, run_job
from bundle_tools.integration.summary import Report
from mlops.config.load import ProjectConfig
from mlops.errors import ProjectError

from example import PROJECT
from fake_jobs import FakeJobs
from fake_workspace import FakeWorkspace
from generated import generated_project

ROOT = generated_project()
PREFIX = {"name_prefix": "pr12_"}
VALUES = {"{{tasks.train.values.model_version}}": "7", "{{tasks.train.values.run_id}}": "r7"}
GOOD = {"first_version": "7", "last_version": "7"}

Integrate = Callable[..., Report]


@pytest.fixture(scope="module")
def config() -> ProjectConfig:
    return PROJECT.config


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    alone = load(ROOT, "staging", {}, environ={})
    return load(ROOT, "staging", {**PREFIX, "snapshot_catalog": str(alone.variables["catalog"])}, environ={})


@pytest.fixture
def jobs(bundle: Bundle, config: ProjectConfig) -> Iterator[FakeJobs]:
    with FakeWorkspace() as workspace:
        found = FakeJobs(workspace, bundle.jobs, VALUES, rows=dict(GOOD))
        found.registered(checks.model_name(bundle, "model"), "7", config.metric)
        yield found
        assert workspace.unknown == []


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """Forget the login that a deployment puts into the environment."""
    with patch.dict(os.environ):
        yield


@pytest.fixture(autouse=True)
def _without_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at no endpoint, whatever the project has: test_serving_checks.py does."""
    monkeypatch.setattr(serving_checks, "serves", lambda _: False)


@pytest.fixture
def run(
    jobs: FakeJobs, bundle: Bundle, config: ProjectConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Integrate:
    for name in list(os.environ):
        if name.startswith("DATABRICKS_") or name in {"CI", "TF_BUILD"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATABRICKS_TOKEN", "secret-token")
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    workspace = {**bundle.config["workspace"], "host": jobs.workspace.url}
    deployment = Deployment(replace(bundle, config={**bundle.config, "workspace": workspace}), PREFIX)
    monkeypatch.setattr(Deployment, "job_ids", lambda _: jobs.ids)

    def integrated(limits: Limits = Limits()) -> Report:  # noqa: B008 - frozen
        return integrate(deployment, config, limits, tmp_path, pause=0.01)

    return integrated


def summary(folder: Path) -> str:
    return (folder / "summary.md").read_text(encoding="utf-8")


def test_every_job_runs_in_order_on_bounded_data(run: Integrate, jobs: FakeJobs, bundle: Bundle) -> None:
    assert run(Limits(rows=300, trials=3)).passed
    samples = " ".join(f"{name}={table}" for name, table in steps.sampled_tables(bundle).items())
    assert ".pr12_" in samples
    assert jobs.started == [
        ("probe", {}),
        ("snapshot", {"rows": "300"}),
        ("lifecycle", {"source_tables": samples, "trials": "3"}),
        (steps.steps(bundle)[-1].job, {"source_tables": samples}),
    ]


def test_the_summary_has_checks_numbers_and_plots(run: Integrate, config: ProjectConfig, tmp_path: Path) -> None:
    run()
    text = summary(tmp_path)
    assert text.startswith("## ✅ integration of ")
    assert f"| {config.metric} | 2.5 | 9 |" in text
    assert f"{config.metric:<12} model    ██████\n" in text
    assert "baseline ████████████████████\n" in text
    assert "| lifecycle/training/train | SUCCESS | 9 | ████████████████████ |" in text
    suite = ET.parse(tmp_path / "junit.xml").getroot()  # noqa: S314 - written by the test
    assert (suite.get("failures"), len(suite)) == ("0", int(suite.get("tests") or 0))


@pytest.mark.parametrize(
    ("rows", "failed"),
    [
        ({"predictions.rows": "0", "predictions.distinct_keys": "0", "predictions.predicted": "0"}, "predictions"),
        ({"predictions.distinct_keys": "39"}, "predictions"),
        ({"predictions.predicted": "39"}, "predictions"),
        ({"predictions.last_version": "8"}, "predictions by the champion"),
        ({"zones.rows": "0", "zones.distinct_keys": "0"}, ""),
        ({"rows": "5001"}, "sample of "),
    ],
)
def test_wrong_numbers_fail(
    run: Integrate, jobs: FakeJobs, config: ProjectConfig, tmp_path: Path, rows: dict[str, str], failed: str
) -> None:
    table = next(iter(config.own_tables))
    jobs.rows.update({name.replace("zones", table): value for name, value in rows.items()})
    with pytest.raises(ProjectError, match=f"integration failed: .*{failed or f'feature table {table}'}"):
        run()
    assert summary(tmp_path).startswith("## ❌ ")


def test_a_version_that_failed_validation_fails(
    run: Integrate, jobs: FakeJobs, bundle: Bundle, config: ProjectConfig
) -> None:
    jobs.registered(checks.model_name(bundle, "model"), "7", config.metric, status="FAILED")
    with pytest.raises(ProjectError, match="integration failed: version 7 of"):
        run()


def test_another_champion_than_the_trained_version_fails(
    run: Integrate, jobs: FakeJobs, bundle: Bundle, config: ProjectConfig
) -> None:
    jobs.registered(checks.model_name(bundle, "model"), "6", config.metric)
    with pytest.raises(ProjectError, match="champion of"):
        run()


def test_a_failed_task_ends_the_run_and_is_named_first(run: Integrate, jobs: FakeJobs, tmp_path: Path) -> None:
    jobs.failing.add("validate")
    with pytest.raises(ProjectError, match="integration failed: integration, job lifecycle"):
        run()
    assert [key for key, _ in jobs.started] == ["probe", "snapshot", "lifecycle"]
    assert "| lifecycle/training/validate | FAILED ProjectError: the table is empty |" in summary(tmp_path)


def test_a_run_that_does_not_end_in_time_is_cancelled(run: Integrate, jobs: FakeJobs, tmp_path: Path) -> None:
    jobs.endless.add("lifecycle")
    with pytest.raises(ProjectError, match="integration failed"):
        run(Limits(minutes=0))
    assert [run_["state"]["result_state"] for run_ in jobs.runs.values() if run_.get("job") == "lifecycle"] == [
        "CANCELED"
    ]
    assert "did not end in time" in summary(tmp_path)


def test_a_run_is_cancelled_when_ci_stops_the_process(jobs: FakeJobs) -> None:
    jobs.endless.add("lifecycle")
    os.environ.pop("DATABRICKS_AUTH_TYPE", None)
    client = WorkspaceClient(host=jobs.workspace.url, token="secret-token")  # noqa: S106 - of a fake
    waiting = Waiting(minutes_from_now(1), lambda: os.kill(os.getpid(), signal.SIGTERM), pause=0.01)
    with pytest.raises(KeyboardInterrupt, match="stopped by signal 15"):
        run_job(client, "lifecycle", jobs.ids["lifecycle"], {}, waiting)
    (lifecycle,) = [one for one in jobs.runs.values() if one.get("job") == "lifecycle"]
    assert lifecycle["state"]["result_state"] == "CANCELED"


def test_a_check_that_cannot_be_made_fails(run: Integrate, jobs: FakeJobs, tmp_path: Path) -> None:
    failed = {"status": {"state": "FAILED", "error": {"message": "no such table"}}}
    jobs.workspace.routes["POST", "/api/2.0/sql/statements"] = failed
    jobs.workspace.routes["POST", "/api/2.0/sql/statements/"] = failed
    with pytest.raises(ProjectError, match="integration failed: samples, feature tables, predictions"):
        run()
    assert "the query failed: no such table" in summary(tmp_path)


def test_without_a_warehouse_it_says_what_to_do(run: Integrate, jobs: FakeJobs, tmp_path: Path) -> None:
    jobs.workspace.routes["GET", "/api/2.0/sql/warehouses"] = {}
    with pytest.raises(ProjectError, match="integration failed"):
        run()
    assert "grant it CAN USE on one" in summary(tmp_path)
    assert jobs.started == []


def test_the_warehouse_that_the_bundle_looks_up_comes_first(
    bundle: Bundle, jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABRICKS_WAREHOUSE_ID", raising=False)
    client = WorkspaceClient(host=jobs.workspace.url, token="secret-token")  # noqa: S106 - of a fake
    (name,) = bundle.looked_up("warehouse")
    there = [{"id": "w1", "name": "shared", "state": "RUNNING"}, {"id": "w2", "name": name}]
    jobs.workspace.routes["GET", "/api/2.0/sql/warehouses"] = {"warehouses": there}
    assert warehouse.find(client, bundle).id == "w2"
    jobs.workspace.routes["GET", "/api/2.0/sql/warehouses"] = {"warehouses": there[:1]}
    assert warehouse.find(client, bundle).id == "w1"


def test_it_needs_a_prefix_of_its_own(bundle: Bundle, config: ProjectConfig, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="give a prefix of its own"):
        integrate(Deployment(bundle, {}), config, Limits(), tmp_path)


def test_a_step_without_a_job_is_named(bundle: Bundle) -> None:
    with pytest.raises(ProjectError, match="runs the job 'trainning', which the bundle does not have: did you mean"):
        steps.require(bundle, (steps.Step("trainning"),))
