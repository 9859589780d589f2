"""A route-optimized endpoint answers on an address of its own, with OAuth tokens only."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from databricks.sdk import WorkspaceClient

from mlops.errors import ProjectError
from mlops.serving.endpoint import Endpoint
from mlops.serving.settings import ServingParameters

from fake_endpoints import API, FakeEndpoints
from fake_workspace import Request

SETTINGS = ServingParameters(endpoint_name="shop", endpoint_minutes=1, endpoint_route_optimized=True)
ROWS = pd.DataFrame({"x": [1.0, 2.0]})
DETAILS = '[{"type": "serving_endpoint"}]'


@pytest.fixture
def optimized(fake: FakeEndpoints) -> list[Request]:
    """The requests that arrive at the address of the endpoint; it gives twice x."""
    asked: list[Request] = []
    url, get = fake.workspace.url, fake.workspace.routes["GET", f"{API}/shop"]
    place = {"query_info": {"endpoint_url": f"{url}/fast/shop", "authorization_details": DETAILS}}

    def answer(request: Request) -> Any:  # noqa: ANN401 - a reply
        asked.append(request)
        return {"predictions": [2 * row[0] for row in request.body["dataframe_split"]["data"]]}

    def token(request: Request) -> dict[str, object]:
        exchanged = b"authorization_details" in request.body
        return {"access_token": "fast" if exchanged else "own", "token_type": "Bearer", "expires_in": 3600}

    fake.workspace.routes |= {
        ("POST", "/fast/shop"): answer,
        ("POST", "/oidc/v1/token"): token,
        ("GET", "/oidc/.well-known/oauth-authorization-server"): {
            "authorization_endpoint": f"{url}/oidc/v1/authorize",
            "token_endpoint": f"{url}/oidc/v1/token",
        },
        ("GET", f"{API}/shop"): lambda request: (
            {**get(request), "data_plane_info": place} if fake.endpoint else get(request)
        ),
    }
    fake.polls = 1
    return asked


def with_oauth(fake: FakeEndpoints) -> WorkspaceClient:
    """A client with the credentials of a service principal."""
    return WorkspaceClient(
        host=fake.workspace.url,
        client_id="robot",
        client_secret="secret",  # noqa: S106 - of a fake
        config_file="/dev/null",
    )


def test_it_is_created_so_and_asked_at_its_own_address(fake: FakeEndpoints, optimized: list[Request]) -> None:
    endpoint = Endpoint(with_oauth(fake), SETTINGS, pause_seconds=0.01)
    endpoint.serve("dev.s.m", {"1": 100})

    assert [one.body["route_optimized"] for one in fake.workspace.asked(API)] == [True]
    assert list(endpoint.query(ROWS, "1")) == [2.0, 4.0]
    assert [one.headers["authorization"] for one in optimized] == ["Bearer fast"]


def test_an_answer_with_too_few_predictions_is_told(fake: FakeEndpoints, optimized: list[Request]) -> None:
    endpoint = Endpoint(with_oauth(fake), SETTINGS, pause_seconds=0.01)
    endpoint.serve("dev.s.m", {"1": 100})
    fake.workspace.routes["POST", "/fast/shop"] = lambda _: {"predictions": [1.0]}

    with pytest.raises(ProjectError, match="endpoint shop answered 2 rows with 1 predictions"):
        endpoint.query(ROWS)
    assert optimized == []


def test_credentials_without_oauth_are_told(
    client: WorkspaceClient, fake: FakeEndpoints, optimized: list[Request]
) -> None:
    endpoint = Endpoint(client, SETTINGS, pause_seconds=0.01)
    endpoint.serve("dev.s.m", {"1": 100})

    with pytest.raises(ProjectError, match="is route-optimized and answers only OAuth tokens, which this job does not"):
        endpoint.query(ROWS)
    assert optimized == []
    assert fake.shares() == {"1": 100}
