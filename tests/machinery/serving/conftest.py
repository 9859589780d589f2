"""A fake endpoint under the vendor's client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databricks.sdk import WorkspaceClient

from mlops.serving.endpoint import Endpoint
from mlops.serving.settings import ServingParameters

from fake_endpoints import FakeEndpoints
from fake_workspace import FakeWorkspace

SETTINGS = ServingParameters(
    endpoint_name="shop",
    endpoint_callers="callers",
    endpoint_tags="project=shop owner=ada",
    payload_table="dev.s.endpoint_payload",
    endpoint_minutes=1,
)


@pytest.fixture
def fake() -> Iterator[FakeEndpoints]:
    with FakeWorkspace() as workspace:
        yield FakeEndpoints(workspace, "shop")


@pytest.fixture
def client(fake: FakeEndpoints) -> WorkspaceClient:
    return WorkspaceClient(host=fake.workspace.url, token="token", config_file="/dev/null")  # noqa: S106 - of a fake


@pytest.fixture
def endpoint(client: WorkspaceClient) -> Endpoint:
    return Endpoint(client, SETTINGS, pause_seconds=0.01)
