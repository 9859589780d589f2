"""The questions of the job probe about services that only newer versions of the SDK know, over a fake HTTP API."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient

from mlops.probe import services
from mlops.probe.job import Job

from fake_workspace import UNITY, FakeWorkspace, Reply, error

pytest.importorskip("databricks.sdk.service.dataquality", reason="the SDK is older than 0.68")

TABLE = "dev.taxi.probe_results"
NOTHING: Any = SimpleNamespace()
# `DataQualityAPI.get_monitor` of databricks-sdk (databricks/sdk/service/dataquality.py).
MONITOR = ("GET", "/api/data-quality/v1/monitors/table/t1")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (error(404, "NOT_FOUND", "no monitor"), "it answers, and has no monitor of this table yet"),
        ({"object_type": "table", "object_id": "t1"}, "it answers, and has a monitor of this table"),
    ],
)
def test_data_profiling_answers_with_and_without_a_monitor(reply: Reply, words: str) -> None:
    with FakeWorkspace({("GET", f"{UNITY}/tables/{TABLE}"): {"table_id": "t1"}, MONITOR: reply}) as fake:
        client = WorkspaceClient(host=fake.url, token="x")  # noqa: S106 - of the fake
        platform: Any = SimpleNamespace(workspace=lambda: client)
        probed = Job(NOTHING, platform, "7", "", "", 0, "dev.taxi", "dev.taxi.m", "1", "/V", TABLE, "", "", "")
        assert services.data_profiling(probed) == words
        assert fake.unknown == []


def test_a_workspace_without_data_profiling_is_an_error() -> None:
    denied = error(403, "FEATURE_DISABLED", "data profiling is not enabled")
    with FakeWorkspace({("GET", f"{UNITY}/tables/{TABLE}"): {"table_id": "t1"}, MONITOR: denied}) as fake:
        client = WorkspaceClient(host=fake.url, token="x")  # noqa: S106 - of the fake
        platform: Any = SimpleNamespace(workspace=lambda: client)
        probed = Job(NOTHING, platform, "7", "", "", 0, "dev.taxi", "dev.taxi.m", "1", "/V", TABLE, "", "", "")
        with pytest.raises(Exception, match="data profiling is not enabled"):
            services.data_profiling(probed)
