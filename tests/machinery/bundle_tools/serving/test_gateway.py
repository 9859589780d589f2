"""The gateway with the vendor's own client, from the first endpoint to the last process."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound, ResourceConflict, Unauthenticated
from databricks.sdk.service.serving import (
    AiGatewayInferenceTableConfig,
    EndpointStateConfigUpdate,
    EndpointStateReady,
    EndpointTag,
    ServedEntityInput,
    ServingEndpointAccessControlRequest,
    ServingEndpointDetailed,
    ServingEndpointPermissionLevel,
)

from bundle_tools.serving import running
from bundle_tools.serving.local_gateway import LocalGateway
from bundle_tools.serving.state import State
from bundle_tools.workspace.workspace import Workspace
from mlops.errors import ProjectError

from .conftest import ROWS, Served, config

NAME = "sums"
SECONDS = 60.0


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def settled(client: WorkspaceClient) -> ServingEndpointDetailed:
    """Return the endpoint once no update is in progress."""
    wait_until(lambda: state_of(client)[1] != "IN_PROGRESS")
    return client.serving_endpoints.get(NAME)


def state_of(client: WorkspaceClient) -> tuple[str, str]:
    state = client.serving_endpoints.get(NAME).state
    assert state is not None
    assert state.ready is not None
    assert state.config_update is not None
    return state.ready.value, state.config_update.value


def update(client: WorkspaceClient, **shares: int) -> None:
    wanted = config(**shares)
    client.serving_endpoints.update_config(
        NAME, served_entities=wanted.served_entities, traffic_config=wanted.traffic_config
    )


def serve(client: WorkspaceClient, **shares: int) -> None:
    """Let the endpoint have these entities with these shares of the traffic."""
    update(client, **shares)
    assert settled(client).state.config_update == EndpointStateConfigUpdate.NOT_UPDATING  # type: ignore[union-attr]


def ask(client: WorkspaceClient, rows: list[dict[str, float]] = ROWS) -> tuple[list[Any], str | None]:
    """Return the predictions and the entity that made them."""
    answer = client.serving_endpoints.query(NAME, dataframe_records=rows)
    return list(answer.predictions or []), answer.served_model_name


def ask_only(client: WorkspaceClient, entity: str) -> list[Any]:
    path = f"/serving-endpoints/{NAME}/served-models/{entity}/invocations"
    answer: Any = client.api_client.do("POST", path, body={"dataframe_records": ROWS})
    return list(answer["predictions"])


def port_of(client: WorkspaceClient, entity: str) -> tuple[int, int]:
    """Return the process id and the port of the scoring server of an entity."""
    found = re.search(r"process (\d+), port (\d+)", client.serving_endpoints.logs(NAME, entity).logs)
    assert found is not None
    return int(found[1]), int(found[2])


def is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def asking(client: WorkspaceClient) -> Iterator[list[tuple[list[Any], str | None]]]:
    """Ask the endpoint all the time inside the `with` block, and give the answers."""
    answers: list[tuple[list[Any], str | None]] = []
    done = Event()

    def keep_asking() -> None:
        while not done.is_set():
            answers.append(ask(client))

    thread = Thread(target=keep_asking, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        done.set()
        thread.join()


@pytest.fixture(scope="module")
def created(served: Served) -> ServingEndpointDetailed:
    """The endpoint as it was returned when it was created, with versions 1 and 2."""
    return served.client.serving_endpoints.create(NAME, config=config(v1=50, v2=50)).response


@pytest.fixture
def client(served: Served, created: ServingEndpointDetailed) -> Iterator[WorkspaceClient]:
    """A client of the gateway, with an endpoint that is ready."""
    assert settled(served.client).name == created.name
    yield served.client
    settled(served.client)


def test_a_new_endpoint_is_ready_once_its_entities_have_loaded(
    created: ServingEndpointDetailed, client: WorkspaceClient
) -> None:
    assert created.state is not None
    assert (created.state.ready, created.config) == (EndpointStateReady.NOT_READY, None)
    assert created.pending_config is not None
    found = settled(client)
    assert state_of(client) == ("READY", "NOT_UPDATING")
    assert found.pending_config is None
    assert found.config is not None
    entities = found.config.served_entities or []
    assert [(one.name, one.state.deployment.value) for one in entities if one.state and one.state.deployment] == [
        ("v1", "DEPLOYMENT_READY"),
        ("v2", "DEPLOYMENT_READY"),
    ]
    assert [one.name for one in client.serving_endpoints.list()] == [NAME]


def test_the_traffic_is_split_and_the_answer_says_who_gave_it(client: WorkspaceClient) -> None:
    serve(client, v1=50, v2=50)
    answers = {(entity, *predictions) for predictions, entity in (ask(client) for _ in range(40))}
    assert answers == {("v1", 3.0), ("v2", 6.0)}


def test_an_entity_without_traffic_is_only_asked_by_its_own_path(client: WorkspaceClient) -> None:
    serve(client, v1=100, v2=0)
    assert {ask(client)[1] for _ in range(20)} == {"v1"}
    assert ask_only(client, "v2") == [6.0]
    with pytest.raises(NotFound, match="has no served entity with the name 'v9'"):
        ask_only(client, "v9")


def test_an_error_of_the_model_is_passed_on(client: WorkspaceClient) -> None:
    with pytest.raises(BadRequest, match="unexpected error while evaluating the model"):
        ask(client, [{"x": 500.0, "y": 0.0}])


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ({"v1": 60, "v2": 60}, "must add up to 100, but they add up to 120"),
        ({"v1": 150, "v2": -50}, "is 150, not a whole number from 0 to 100"),
        ({}, "has no served_entities"),
    ],
)
def test_a_configuration_that_is_not_valid_is_refused(
    client: WorkspaceClient, shares: dict[str, int], told: str
) -> None:
    before = client.serving_endpoints.get(NAME)
    with pytest.raises(InvalidParameterValue, match=told):
        update(client, **shares)
    assert client.serving_endpoints.get(NAME) == before


def test_two_entities_without_shares_are_refused(client: WorkspaceClient) -> None:
    entities = [ServedEntityInput(name=f"v{one}", entity_name="a.b.c", entity_version=one) for one in "12"]
    with pytest.raises(InvalidParameterValue, match="add up to 0"):
        client.serving_endpoints.update_config(NAME, served_entities=entities)


def test_what_does_not_exist_is_not_found_and_a_name_is_given_once(client: WorkspaceClient) -> None:
    with pytest.raises(NotFound, match="The endpoint with name 'other' does not exist"):
        client.serving_endpoints.get("other")
    with pytest.raises(NotFound, match=r"No API found for 'GET /api/2.0/serving-endpoints/sums/metrics'"):
        client.serving_endpoints.export_metrics(NAME)
    with pytest.raises(ResourceConflict, match="already exists"):
        client.serving_endpoints.create(NAME, config=config(v1=100))


def test_without_the_token_nothing_is_answered(client: WorkspaceClient) -> None:
    stranger = WorkspaceClient(host=client.config.host, token="guessed", auth_type="pat")  # noqa: S106 - no secret
    with pytest.raises(Unauthenticated):
        stranger.serving_endpoints.get(NAME)


def test_tags_and_permissions_are_kept(client: WorkspaceClient) -> None:
    client.serving_endpoints.patch(NAME, add_tags=[EndpointTag("a", "1"), EndpointTag("b", "2")])
    tags = client.serving_endpoints.patch(NAME, add_tags=[EndpointTag("a", "3")], delete_tags=["b"]).tags
    assert tags == client.serving_endpoints.get(NAME).tags == [EndpointTag("a", "3")]
    number = str(client.serving_endpoints.get(NAME).id)
    level = ServingEndpointPermissionLevel.CAN_QUERY
    wanted = ServingEndpointAccessControlRequest(group_name="callers", permission_level=level)
    client.serving_endpoints.update_permissions(number, access_control_list=[wanted])
    (entry,) = client.serving_endpoints.get_permissions(number).access_control_list or []
    assert (entry.group_name, [one.permission_level for one in entry.all_permissions or []]) == ("callers", [level])
    client.serving_endpoints.set_permissions(number, access_control_list=[])
    assert not client.serving_endpoints.get_permissions(number).access_control_list


def test_requests_are_kept_for_the_payload_table_once_it_is_enabled(client: WorkspaceClient, served: Served) -> None:
    state = State(served.folder)
    ask(client)
    assert state.undelivered_rows() == {}
    serve(client, v1=100)
    table_config = AiGatewayInferenceTableConfig(
        enabled=True, catalog_name="dev", schema_name="s", table_name_prefix="log"
    )
    client.serving_endpoints.put_ai_gateway(NAME, inference_table_config=table_config)
    client.serving_endpoints.query(NAME, dataframe_records=ROWS, client_request_id="mine")
    with pytest.raises(BadRequest):
        ask(client, [{"x": 500.0, "y": 0.0}])
    ((table, rows),) = state.undelivered_rows().items()
    good, bad = (row for _, row in rows)
    assert table == "dev.s.log_payload"
    assert (good["client_request_id"], good["status_code"], good["response"]) == ("mine", 200, '{"predictions": [3.0]}')
    assert dict(state.served_entities())[good["served_entity_id"]] == "1"
    assert (bad["client_request_id"], bad["status_code"]) == (None, 400)
    state.delivered([number for number, _ in rows])
    client.serving_endpoints.put_ai_gateway(NAME, inference_table_config=replace(table_config, enabled=False))
    ask(client)
    assert state.undelivered_rows() == {}


def test_an_update_serves_the_old_configuration_until_the_new_one_is_ready(client: WorkspaceClient) -> None:
    serve(client, v1=100)
    _, old_port = port_of(client, "v1")
    with asking(client) as answers:
        update(client, v2=100)
        found = client.serving_endpoints.get(NAME)
        assert state_of(client) == ("READY", "IN_PROGRESS")
        assert [one.name for one in found.config.served_entities or []] == ["v1"]  # type: ignore[union-attr]
        assert [one.name for one in found.pending_config.served_entities or []] == ["v2"]  # type: ignore[union-attr]
        with pytest.raises(ResourceConflict, match="currently updating"):
            update(client, v1=100)
        settled(client)
        wait_until(lambda: not is_open(old_port))
    entities = [entity for _, entity in answers]
    assert entities == sorted(entities, key=str)
    assert {(entity, *predictions) for predictions, entity in answers} == {("v1", 3.0), ("v2", 6.0)}


def test_an_update_that_fails_keeps_the_old_configuration(client: WorkspaceClient) -> None:
    serve(client, v2=100)
    update(client, v2=50, v3=50)
    found = settled(client)
    assert state_of(client) == ("READY", "UPDATE_FAILED")
    assert found.pending_config is not None
    (failed,) = [one.state for one in found.pending_config.served_entities or [] if one.name == "v3"]
    assert failed is not None
    assert failed.deployment is not None
    assert failed.deployment.value == "DEPLOYMENT_FAILED"
    assert "this version has no factor" in str(failed.deployment_state_message)
    assert "this version has no factor" in client.serving_endpoints.build_logs(NAME, "v3").logs
    assert {ask(client)[1] for _ in range(10)} == {"v2"}
    serve(client, v2=100)
    assert state_of(client) == ("READY", "NOT_UPDATING")


def test_a_scoring_server_that_has_died_is_started_again(client: WorkspaceClient) -> None:
    serve(client, v2=100)
    pid, _ = port_of(client, "v2")
    os.kill(pid, signal.SIGKILL)
    assert ask(client) == ([6.0], "v2")
    assert port_of(client, "v2")[0] != pid


def test_a_gateway_that_was_killed_takes_its_processes_along_and_goes_on_when_it_is_needed_again(
    client: WorkspaceClient, served: Served
) -> None:
    serve(client, v2=100)
    _, port = port_of(client, "v2")
    update(client, v1=100)
    before = running.find(served.folder)
    assert before is not None
    os.kill(before.pid, signal.SIGKILL)
    wait_until(lambda: running.find(served.folder) is None)
    wait_until(lambda: not is_open(port))
    again = served.gateway.client()
    after = running.find(served.folder)
    assert after is not None
    assert (after.port, after.pid != before.pid) == (before.port, True)
    assert [one.name for one in settled(again).config.served_entities or []] == ["v1"]  # type: ignore[union-attr]
    assert ask(again) == ([3.0], "v1")


def test_an_endpoint_that_is_deleted_ends_its_processes(served: Served) -> None:
    client = served.gateway.client()
    _, port = port_of(client, "v1")
    client.serving_endpoints.delete(NAME)
    with pytest.raises(NotFound):
        client.serving_endpoints.delete(NAME)
    with pytest.raises(NotFound):
        ask(client)
    wait_until(lambda: not is_open(port))
    assert running.stop(served.folder)
    assert running.find(served.folder) is None
    assert not running.stop(served.folder)


def test_a_gateway_is_for_one_folder_and_ends_with_it(workspace: Workspace, tmp_path: Path) -> None:
    one, two = (LocalGateway(tmp_path / name, workspace.tables, workspace.tracking_uri) for name in ("one", "two"))
    ports = {gateway.start().port for gateway in (one, two)}
    assert len(ports) == 2
    assert one.start() == one.start()
    pid, port = one.start().pid, one.start().port
    with pytest.raises(
        ProjectError, match=f"already runs on port {port}: leave PORT out, or run make serve-stop first"
    ):
        replace(one, port=port + 1).client()
    shutil.rmtree(tmp_path / "one")
    assert running.stop(two.folder)
    try:
        wait_until(lambda: not is_open(port))
    finally:
        if is_open(port):  # nothing else can find it any more
            os.kill(pid, signal.SIGKILL)


def test_a_port_that_is_in_use_is_said_in_one_sentence(workspace: Workspace, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        gateway = LocalGateway(tmp_path / "serving", workspace.tables, workspace.tracking_uri, port)
        with pytest.raises(
            ProjectError, match=rf"does not start: port {port} cannot be used .*in use\); give another PORT"
        ):
            gateway.client()
    assert running.find(gateway.folder) is None
