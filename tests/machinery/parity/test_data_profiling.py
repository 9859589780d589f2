"""The monitor is created, updated and refreshed through the vendor's SDK, against a fake workspace over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient

from mlops.profiling.base import ProfileSpec, Refresh
from mlops.profiling.databricks import DatabricksProfiler

from fake_workspace import FakeWorkspace, Request, error

pytest.importorskip("databricks.sdk.service.dataquality", reason="the SDK is older than 0.68")

TABLE = "/api/2.1/unity-catalog/tables/prod.taxi.inference_log"
SCHEMA = "/api/2.1/unity-catalog/schemas/prod.taxi"
MONITORS = "/api/data-quality/v1/monitors"
MONITOR = f"{MONITORS}/table/table-uuid"
REFRESHES = f"{MONITOR}/refreshes"
SPEC = ProfileSpec(
    table="prod.taxi.inference_log",
    reference="prod.taxi.inference_log_baseline",
    problem_type="regression",
    key="log_id",
    timestamp="pickup",
    prediction="prediction",
    probabilities=None,
    label="fare",
    model_version="model_version",
    columns=("miles",),
    granularities=("1 week", "1 day"),
    slices=("borough",),
    metrics={"mean_error": "avg(prediction - fare)"},
)


class Service:
    """Data profiling as far as its API can be told.

    Attributes:
        monitor: The monitor, once it is created.
        states: What a refresh is, each time that it is asked.
        statuses: What the monitor is, each time that it is asked.
    """

    def __init__(self, *states: str) -> None:
        self.monitor: dict[str, Any] | None = None
        self.states = list(states or ["PENDING", "RUNNING", "SUCCESS"])
        self.statuses = ["ACTIVE"]
        self.message = ""
        self.running: list[dict[str, Any]] = []

    def routes(self) -> dict[tuple[str, str], Any]:
        return {
            ("GET", TABLE): {"full_name": SPEC.table, "table_id": "table-uuid"},
            ("GET", SCHEMA): {"full_name": "prod.taxi", "schema_id": "schema-uuid"},
            ("GET", MONITOR): self.get,
            ("POST", MONITORS): self.create,
            ("PATCH", MONITOR): self.update,
            ("GET", REFRESHES): lambda _: {"refreshes": self.running},
            ("POST", REFRESHES): lambda _: self.refresh(),
            ("GET", f"{REFRESHES}/7"): lambda _: self.refresh(),
        }

    def get(self, _: Request) -> object:
        return error(404, "RESOURCE_DOES_NOT_EXIST", "no monitor") if self.monitor is None else self.shown()

    def shown(self) -> dict[str, Any]:
        assert self.monitor is not None
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        config = self.monitor["data_profiling_config"] | {"status": f"DATA_PROFILING_STATUS_{status}"}
        return self.monitor | {"data_profiling_config": config | {"latest_monitor_failure_message": self.message}}

    def create(self, request: Request) -> dict[str, Any]:
        self.monitor = request.body
        return self.shown()

    def update(self, request: Request) -> dict[str, Any]:
        assert self.monitor is not None
        for path in request.query["update_mask"].split(","):
            name = path.removeprefix("data_profiling_config.")
            self.monitor["data_profiling_config"][name] = request.body["data_profiling_config"].get(name)
        return self.shown()

    def refresh(self) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        state = f"MONITOR_REFRESH_STATE_{state}"
        return {
            "object_type": "table",
            "object_id": "table-uuid",
            "refresh_id": 7,
            "state": state,
            "message": self.message,
        }


class Workspace:
    """A workspace with that service, and a profiler that is logged in to it."""

    def __init__(self, server: FakeWorkspace) -> None:
        self.server = server
        self.statements: list[str] = []

    def refresh(self, service: Service, spec: ProfileSpec = SPEC, minutes: float = 1) -> Refresh:
        self.server.routes.update(service.routes())
        client = WorkspaceClient(host=self.server.url, token="token", config_file="/dev/null")  # noqa: S106 - a fake
        tables: Any = SimpleNamespace(spark=SimpleNamespace(sql=self.statements.append))
        found = DatabricksProfiler(tables, minutes, pause_seconds=0.001, client=client).refresh(spec)
        assert self.server.unknown == []
        return found


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with FakeWorkspace() as server:
        yield Workspace(server)


def test_the_first_refresh_creates_the_monitor_and_waits(workspace: Workspace) -> None:
    service = Service()
    service.statuses = ["PENDING", "PENDING", "ACTIVE"]
    assert workspace.refresh(service) == Refresh("done")
    assert service.monitor is not None
    assert (service.monitor["object_type"], service.monitor["object_id"]) == ("table", "table-uuid")
    assert service.monitor["data_profiling_config"] == {
        "output_schema_id": "schema-uuid",
        "baseline_table_name": "prod.taxi.inference_log_baseline",
        "slicing_exprs": ["borough"],
        "skip_builtin_dashboard": True,
        "custom_metrics": [
            {
                "name": "mean_error",
                "definition": "avg(prediction - fare)",
                "input_columns": [":table"],
                "output_data_type": '{"name": "mean_error", "type": "double", "nullable": true, "metadata": {}}',
                "type": "DATA_PROFILING_CUSTOM_METRIC_TYPE_AGGREGATE",
            }
        ],
        "inference_log": {
            "problem_type": "INFERENCE_PROBLEM_TYPE_REGRESSION",
            "timestamp_column": "pickup",
            "granularities": ["AGGREGATION_GRANULARITY_1_WEEK", "AGGREGATION_GRANULARITY_1_DAY"],
            "prediction_column": "prediction",
            "model_id_column": "model_version",
            "label_column": "fare",
        },
    }
    assert workspace.statements == [
        "ALTER TABLE `prod`.`taxi`.`inference_log` SET TBLPROPERTIES (delta.enableChangeDataFeed = true)"
    ]


def test_the_next_refresh_changes_nothing_but_the_metrics(workspace: Workspace) -> None:
    service = Service()
    workspace.refresh(service)
    service.states = ["SUCCESS"]
    assert workspace.refresh(service).state == "done"
    methods = [(one.method, one.path) for one in workspace.server.requests]
    assert methods.count(("POST", MONITORS)) == 1
    assert ("PATCH", MONITOR) not in methods
    assert methods.count(("POST", REFRESHES)) == 2


def test_changed_settings_update_only_what_has_changed(workspace: Workspace) -> None:
    service = Service()
    workspace.refresh(service)
    service.states = ["SUCCESS"]
    workspace.refresh(service, replace(SPEC, slices=(), problem_type="multiclass", probabilities="probabilities"))
    (request,) = [one for one in workspace.server.requests if one.method == "PATCH"]
    mask = request.query["update_mask"]
    assert mask == "data_profiling_config.inference_log,data_profiling_config.slicing_exprs"
    kind = request.body["data_profiling_config"]["inference_log"]["problem_type"]
    assert kind == "INFERENCE_PROBLEM_TYPE_CLASSIFICATION"


def test_a_refresh_that_is_running_is_waited_for_and_no_second_one_is_started(workspace: Workspace) -> None:
    service = Service("RUNNING", "SUCCESS")
    service.running = [
        {"object_type": "table", "object_id": "t", "refresh_id": 7, "state": "MONITOR_REFRESH_STATE_RUNNING"}
    ]
    assert workspace.refresh(service).state == "done"
    assert not [one for one in workspace.server.requests if (one.method, one.path) == ("POST", REFRESHES)]


@pytest.mark.parametrize("state", ["FAILED", "CANCELED"])
def test_a_refresh_that_fails_says_why(workspace: Workspace, state: str) -> None:
    service = Service("RUNNING", state)
    service.message = "out of memory"
    assert workspace.refresh(service) == Refresh("failed", "out of memory")


def test_a_slow_refresh_is_told_apart(workspace: Workspace) -> None:
    found = workspace.refresh(Service("RUNNING"), minutes=0.001)
    assert found.state == "slow"
    assert found.message == "refresh 7 is running after 0.001 minutes"


def test_a_slow_monitor_is_told_apart(workspace: Workspace) -> None:
    service = Service()
    service.statuses = ["PENDING"]
    assert workspace.refresh(service, minutes=0.001).message == "the monitor is not active after 0.001 minutes"


def test_a_monitor_with_an_error_fails_the_refresh(workspace: Workspace) -> None:
    service = Service()
    service.statuses = ["ERROR"]
    service.message = "the label column is gone"
    assert workspace.refresh(service) == Refresh("failed", "the monitor is in state error the label column is gone")


@pytest.mark.parametrize("route", [("GET", TABLE), ("GET", MONITOR), ("POST", MONITORS), ("POST", REFRESHES)])
def test_a_refusal_is_told_with_the_reason_of_the_service(workspace: Workspace, route: tuple[str, str]) -> None:
    service = Service()
    refused = error(403, "PERMISSION_DENIED", "MANAGE on the table is missing")
    routes = service.routes() | {route: refused}
    service.routes = lambda: routes  # type: ignore[method-assign] # the same service, with a refusal
    assert workspace.refresh(service) == Refresh("refused", "PermissionDenied: MANAGE on the table is missing")
