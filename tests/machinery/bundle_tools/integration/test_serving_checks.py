"""Integration checks that the endpoint serves the champion, and that it is fast enough."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient

from bundle_tools.integration import checks, serving_checks
from bundle_tools.integration.check import Check
from bundle_tools.integration.evidence import Evidence
from bundle_tools.serving import load_rows
from bundle_tools.serving.limits import Bounds, Load

from fake_endpoints import FakeEndpoints
from fake_workspace import FakeWorkspace

LOCUST = os.environ.get("LOCUST") or shutil.which("locust")


def bundle(root: Path, **parameters: str) -> Any:  # noqa: ANN401 - as much of a bundle as the checks read
    wheel = {"entry_point": "change_champion", "named_parameters": parameters}
    resources = {"registered_models": {"model": {"catalog_name": "staging", "schema_name": "pr12_s", "name": "m"}}}
    jobs = {"promotion": {"tasks": [{"task_key": "change_champion", "python_wheel_task": wheel}]}}
    return SimpleNamespace(root=root, jobs=jobs, config={"resources": {**resources, "jobs": jobs}}, variables={})


@pytest.fixture
def fake() -> Iterator[FakeEndpoints]:
    with FakeWorkspace() as workspace:
        found = FakeEndpoints(workspace, "shop", models={"1": lambda rows: [1.0] * len(rows)})
        found.serve_by_hand(v1=100)
        yield found


@pytest.fixture
def evidence(fake: FakeEndpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evidence:
    monkeypatch.setattr(serving_checks, "champion", lambda *_: "1")
    monkeypatch.setattr(load_rows, "of_workspace", lambda *_: [{"x": 1.0}])
    monkeypatch.setattr(serving_checks, "Load", lambda: Load(users=2, seconds=1))
    client = WorkspaceClient(host=fake.workspace.url, token="secret-token", config_file="/dev/null")  # noqa: S106 - of a fake
    unused: Any = None
    return Evidence(bundle(tmp_path, endpoint_name="shop"), unused, unused, client, unused, [])


def test_an_endpoint_that_serves_the_champion_passes(evidence: Evidence) -> None:
    assert list(serving_checks.endpoint(evidence)) == [Check("endpoint shop", holds=True, detail="version 1 100 %")]


@pytest.mark.parametrize("shares", [{"v2": 100}, {"v1": 90, "v2": 10}])
def test_an_endpoint_that_serves_another_version_fails(
    evidence: Evidence, fake: FakeEndpoints, shares: dict[str, int]
) -> None:
    fake.serve_by_hand(**shares)
    (found,) = serving_checks.endpoint(evidence)
    assert not found.holds


def test_an_endpoint_that_does_not_exist_fails(evidence: Evidence, fake: FakeEndpoints) -> None:
    fake.endpoint = None
    assert list(serving_checks.endpoint(evidence)) == [Check("endpoint shop", holds=False, detail="it does not exist")]


@pytest.mark.skipif(LOCUST is None, reason="Locust has an environment of its own, which make load-test makes")
def test_the_load_test_is_a_gate(evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = serving_checks.load(evidence)
    assert found.holds, found.detail
    assert "0.0% failed" in found.detail

    monkeypatch.setattr(serving_checks, "Bounds", lambda: Bounds(p95_ms=0.001))
    (found,) = serving_checks.load(evidence)
    assert not found.holds
    assert "ms are allowed" in found.detail


def test_a_project_that_does_not_serve_has_nothing_to_check(evidence: Evidence, tmp_path: Path) -> None:
    without = replace(evidence, bundle=bundle(tmp_path))
    assert [*serving_checks.endpoint(without), *serving_checks.load(without)] == []


def test_both_are_among_the_checks_of_integration() -> None:
    assert {serving_checks.endpoint, serving_checks.load} <= set(checks.ALL)
