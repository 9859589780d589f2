"""The endpoint reaches the wanted configuration or keeps the previous one, whatever the platform answers."""

from __future__ import annotations

from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from pydantic import ValidationError

from mlops.serving.endpoint import Endpoint, EndpointError
from mlops.serving.settings import ServingParameters

from fake_endpoints import API, FakeEndpoints
from fake_workspace import Request, error

MODEL = "dev.s.m"


def test_a_first_version_creates_the_endpoint_with_everything_that_callers_need(
    endpoint: Endpoint, fake: FakeEndpoints
) -> None:
    endpoint.serve(MODEL, {"1": 100})

    [created] = [one for one in fake.workspace.asked(API) if one.method == "POST"]
    assert created.body["config"] == {
        "name": "shop",  # newer versions of the SDK require it
        "served_entities": [
            {
                "name": "v1",
                "entity_name": MODEL,
                "entity_version": "1",
                "workload_size": "Small",
                "workload_type": "CPU",
                "scale_to_zero_enabled": True,
            }
        ],
        "traffic_config": {"routes": [{"served_model_name": "v1", "traffic_percentage": 100}]},
    }
    assert created.body["ai_gateway"]["inference_table_config"] == {
        "catalog_name": "dev",
        "schema_name": "s",
        "table_name_prefix": "endpoint",
        "enabled": True,
    }
    assert created.body["tags"] == [{"key": "project", "value": "shop"}, {"key": "owner", "value": "ada"}]
    assert fake.permissions == [{"group_name": "callers", "permission_level": "CAN_QUERY"}]
    assert endpoint.shares() == {"1": 100}


def test_the_old_version_serves_until_the_new_one_is_ready(endpoint: Endpoint, fake: FakeEndpoints) -> None:
    endpoint.serve(MODEL, {"1": 100})
    served = []
    asked = fake.workspace.routes["GET", f"{API}/shop"]

    def get(request: Request) -> Any:  # noqa: ANN401 - a reply
        served.append(fake.shares())
        return asked(request)

    fake.workspace.routes["GET", f"{API}/shop"] = get
    fake.polls = 4
    endpoint.serve(MODEL, {"1": 90, "2": 10})

    assert served[1:] == [{"1": 100}] * 4
    assert endpoint.shares() == {"1": 90, "2": 10}


def test_serving_what_is_served_changes_nothing(endpoint: Endpoint, fake: FakeEndpoints) -> None:
    endpoint.serve(MODEL, {"1": 100, "2": 0})
    before = len(fake.workspace.requests)
    endpoint.serve(MODEL, {"1": 100, "2": 0})

    assert [one.method for one in fake.workspace.requests[before:]] == ["GET", "PATCH"]  # the state, the permission


def test_an_update_that_fails_tells_why_in_the_words_of_the_platform_and_keeps_the_old_version(
    endpoint: Endpoint, fake: FakeEndpoints
) -> None:
    endpoint.serve(MODEL, {"1": 100})
    fake.broken["2"] = "ModuleNotFoundError: No module named 'lightgbm'"

    with pytest.raises(EndpointError, match=r"endpoint shop: the update failed: ModuleNotFoundError: No module named "):
        endpoint.serve(MODEL, {"1": 100, "2": 0})
    assert fake.shares() == {"1": 100}

    fake.broken.clear()
    endpoint.serve(MODEL, {"1": 100, "2": 0})
    assert fake.shares() == {"1": 100, "2": 0}


def test_a_first_version_that_fails_leaves_no_endpoint(endpoint: Endpoint, fake: FakeEndpoints) -> None:
    fake.broken["1"] = "out of memory"

    with pytest.raises(EndpointError, match=r"out of memory\. It was deleted again, because it served nothing before"):
        endpoint.serve(MODEL, {"1": 100})
    assert fake.endpoint is None


def test_an_update_that_takes_too_long_is_left_and_what_comes_of_it_is_put_right(
    client: WorkspaceClient, fake: FakeEndpoints
) -> None:
    fake.polls = 0
    patient = Endpoint(client, _settings(), pause_seconds=0.01)
    patient.serve(MODEL, {"1": 100})
    fake.polls = 60
    hasty = Endpoint(client, _settings(endpoint_minutes=0.2 / 60), pause_seconds=0.01)

    with pytest.raises(EndpointError, match=r"it is not ready after .* minutes \(v2 creating \(Creating container\)\)"):
        hasty.serve(MODEL, {"2": 100})
    patient.serve(MODEL, {"1": 100})

    assert fake.shares() == {"1": 100}


def test_an_update_of_somebody_else_is_waited_for(endpoint: Endpoint, fake: FakeEndpoints) -> None:
    endpoint.serve(MODEL, {"1": 100})
    endpoint.client.serving_endpoints.update_config("shop", served_entities=[], traffic_config=None)
    fake.polls = 3
    endpoint.serve(MODEL, {"2": 100})

    assert fake.shares() == {"2": 100}


def test_an_update_that_begins_between_the_look_and_the_change_is_waited_for(
    endpoint: Endpoint, fake: FakeEndpoints
) -> None:
    endpoint.serve(MODEL, {"1": 100})
    update = fake.workspace.routes["PUT", f"{API}/shop/config"]
    refused = []

    def put(request: Request) -> Any:  # noqa: ANN401 - a reply
        if not refused:
            refused.append(request)
            return error(409, "RESOURCE_CONFLICT", "Endpoint 'shop' is currently being updated.")
        return update(request)

    fake.workspace.routes["PUT", f"{API}/shop/config"] = put
    endpoint.serve(MODEL, {"2": 100})

    assert (len(refused), fake.shares()) == (1, {"2": 100})


@pytest.mark.parametrize(("status", "code"), [(429, "REQUEST_LIMIT_EXCEEDED"), (503, "TEMPORARILY_UNAVAILABLE")])
def test_a_busy_platform_is_asked_again(endpoint: Endpoint, fake: FakeEndpoints, status: int, code: str) -> None:
    update = fake.workspace.routes["POST", API]
    refused = []

    def post(request: Request) -> Any:  # noqa: ANN401 - a reply
        if not refused:
            refused.append(request)
            return (*error(status, code, "try again"), {"Retry-After": "0"})
        return update(request)

    fake.workspace.routes["POST", API] = post
    endpoint.serve(MODEL, {"1": 100})

    assert (len(refused), fake.shares()) == (1, {"1": 100})


def test_a_missing_right_is_told_in_one_sentence(endpoint: Endpoint, fake: FakeEndpoints) -> None:
    fake.workspace.routes["POST", API] = error(403, "PERMISSION_DENIED", "You may not create endpoints.")

    with pytest.raises(EndpointError) as caught:
        endpoint.serve(MODEL, {"1": 100})
    assert str(caught.value) == (
        "endpoint shop: PermissionDenied: You may not create endpoints. It was deleted again, because it served "
        "nothing before"
    )


def test_an_endpoint_that_somebody_deletes_during_the_update_is_told_and_made_by_the_next_run(
    endpoint: Endpoint, fake: FakeEndpoints
) -> None:
    endpoint.serve(MODEL, {"1": 100})
    ask = fake.workspace.routes["GET", f"{API}/shop"]

    def get(request: Request) -> Any:  # noqa: ANN401 - a reply
        if "pending_config" in (fake.endpoint or {}):
            fake.endpoint = None
        return ask(request)

    fake.workspace.routes["GET", f"{API}/shop"] = get
    with pytest.raises(EndpointError, match="endpoint shop was deleted while it was updated"):
        endpoint.serve(MODEL, {"2": 100})
    fake.workspace.routes["GET", f"{API}/shop"] = ask
    endpoint.serve(MODEL, {"1": 100})

    assert fake.shares() == {"1": 100}


def test_an_endpoint_that_was_changed_by_hand_gets_its_configuration_back(
    endpoint: Endpoint, fake: FakeEndpoints
) -> None:
    endpoint.serve(MODEL, {"2": 100})
    fake.serve_by_hand(v1=90, v2=10)
    endpoint.serve(MODEL, {"2": 100})

    assert fake.shares() == {"2": 100}


def test_a_served_version_that_vanished_makes_the_update_fail_and_the_rest_keeps_serving(
    endpoint: Endpoint, fake: FakeEndpoints
) -> None:
    endpoint.serve(MODEL, {"1": 100})
    message = "Registered model version 'dev.s.m', version '2' does not exist."
    fake.workspace.routes["PUT", f"{API}/shop/config"] = error(404, "RESOURCE_DOES_NOT_EXIST", message)

    with pytest.raises(EndpointError, match=r"version '2' does not exist\. It serves version 1 with 100 %"):
        endpoint.serve(MODEL, {"2": 100})
    assert fake.shares() == {"1": 100}


def test_tags_and_the_payload_table_follow_the_settings(client: WorkspaceClient, fake: FakeEndpoints) -> None:
    Endpoint(client, _settings(), pause_seconds=0.01).serve(MODEL, {"1": 100})
    moved = _settings(payload_table="dev.other.log_payload", endpoint_tags="project=shop owner=eve")
    Endpoint(client, moved, pause_seconds=0.01).serve(MODEL, {"1": 100})

    assert fake.endpoint is not None
    assert fake.endpoint["ai_gateway"]["inference_table_config"] == {
        "catalog_name": "dev",
        "schema_name": "other",
        "table_name_prefix": "log",
        "enabled": True,
    }
    assert {"key": "owner", "value": "eve"} in fake.endpoint["tags"]


def test_a_secret_of_the_environment_is_a_reference() -> None:
    found = _settings(endpoint_environment="MODE=fast API_KEY=secret:shop/api-key")

    assert found.environment == {"MODE": "fast", "API_KEY": "{{secrets/shop/api-key}}"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint_name": "my shop"},
        {"endpoint_name": "x" * 64},
        {"payload_table": "dev.s.requests"},
        {"endpoint_tags": "owner"},
        {"endpoint_environment": "=x"},
        {"endpoint_minutes": 0},
        {"endpoint_workload_type": "TPU"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ServingParameters(**wrong)


def test_a_tag_without_a_value_is_left_out() -> None:
    assert ServingParameters(endpoint_tags="project=shop git_commit=").tags == {"project": "shop"}


def _settings(**changes: Any) -> ServingParameters:  # noqa: ANN401 - any setting
    given = {
        "endpoint_name": "shop",
        "endpoint_tags": "project=shop owner=ada",
        "payload_table": "dev.s.endpoint_payload",
        "endpoint_minutes": 1,
    }
    return ServingParameters(**(given | changes))
