"""A rollout from its opening to its end through the tasks of the jobs `rollout` and `promotion`.

The endpoint is a fake under Databricks' own client; its payload table has a few requests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from databricks.sdk import WorkspaceClient
from mlflow import MlflowClient
from pyspark.sql import functions as F

from mlops.config.serving import AB, Serving
from mlops.errors import ProjectError
from mlops.platform.base import use
from mlops.registry import CHAMPION, Registry
from mlops.serving import champion_endpoint
from mlops.serving.rollout.record import DECISION, is_open, open_rollout, record_start
from mlops.tasks import change_champion, check_rollout, find_rollout, update_inference_log
from mlops.tasks.task import Task
from mlops.training import training_set
from mlops_local.platform import LocalPlatform

import example
from fake_endpoints import FakeEndpoints
from fake_workspace import FakeWorkspace
from integration.conftest import prove
from running import trips_of

CONFIG = example.PROJECT.config
AB_TEST = Serving(rollout="ab", ab=AB(share=50), min_requests=30)
PAYLOAD = (
    "databricks_request_id string, request_time timestamp, status_code int, execution_duration_ms bigint, "
    "request string, response string, served_entity_id string"
)
ENTITIES = {"1": "e1", "2": "e2"}


@dataclass(frozen=True)
class Gateway:
    """What the local platform asks about served models."""

    workspace: WorkspaceClient

    def client(self) -> WorkspaceClient:
        return self.workspace

    def served_entities(self) -> Sequence[tuple[str, str]]:
        return [(entity, version) for version, entity in ENTITIES.items()]


@dataclass(frozen=True)
class Life:
    """The tasks of a rollout of version 2 against the champion, version 1."""

    platform: LocalPlatform
    registry: Registry
    endpoint: FakeEndpoints
    schema: str
    trips: str

    def run(self, module: ModuleType, **parameters: object) -> dict[str, str]:
        self.platform.task_values.clear()
        with use(self.platform):
            Task(module.run, example.PROJECT)([f"--{name}={value}" for name, value in parameters.items()])
        return dict(self.platform.task_values)

    def open(self) -> None:
        share = open_rollout(self.registry, "2", "1", AB_TEST, datetime.now(UTC))
        self.endpoint.serve_by_hand(v1=100 - share, v2=share)
        record_start(self.registry, datetime.now(UTC))

    def look(self, check_id: str, hours: float = 1) -> dict[str, str]:
        """Run the job `rollout` until its decision."""
        if self.run(find_rollout, model_name=self.registry.name)["open"] == "false":
            return {"action": "none"}
        given = {
            "model_name": self.registry.name,
            "payload_table": f"{self.schema}.endpoint_payload",
            "served_entities_table": "system.serving.served_entities",
            "quarantine_table": f"{self.schema}.quarantined_requests",
            "inference_log_table": f"{self.schema}.inference_log",
            "check_id": check_id,
            "started_at": (datetime.now(UTC) + timedelta(hours=hours)).isoformat(),
        }
        self.run(
            update_inference_log,
            source_tables=f"trips={self.trips}",
            predictions_table=f"{self.schema}.predictions",
            history_table=f"{self.schema}.monitoring_history",
            **given,
        )
        return self.run(check_rollout, rollout_history_table=f"{self.schema}.rollout_history", **given)

    def act(self, found: dict[str, str]) -> dict[str, str]:
        """Run the job `promotion` with what was decided."""
        parameters = {name: found[name] for name in ("action", "model_version", "share", "reason")}
        return self.run(
            change_champion, model_name=self.registry.name, endpoint_name="shop", endpoint_minutes=0.05, **parameters
        )

    def ask(self, errors: dict[str, float], failing: str = "", each: int = 40) -> None:
        """Write requests about trips whose labels are known: the error of each version, and one that fails."""
        spine = training_set.spine(example.PROJECT, trips_of(self.platform, self.trips))
        known = spine.where(F.col(CONFIG.label).isNotNull()).orderBy("trip_id").limit(2 * each).toPandas()
        random, rows = np.random.default_rng(0), []
        for number, one in enumerate(known.to_dict("records")):
            version = "12"[number % 2]
            request = {"dataframe_records": [{"trip_id": one["trip_id"], "trip_distance": one["trip_distance"]}]}
            answer = answered(float(one[CONFIG.label]), errors[version] * (1 + 0.1 * random.normal()))
            status = 500 if version == failing else 200
            bodies = (json.dumps(request), json.dumps({"predictions": [answer]}))
            rows.append((f"r{number}", datetime.now(UTC), status, 10, *bodies, ENTITIES[version]))
        self.platform.tables.overwrite(
            f"{self.schema}.endpoint_payload", self.platform.spark.createDataFrame(rows, PAYLOAD)
        )


def answered(label: float, error: float) -> Any:  # noqa: ANN401 - JSON
    if CONFIG.problem_type == "regression":
        return label + 5 * error
    wrong = min(max(error, 0.01), 0.99)
    return [wrong, 1 - wrong] if label else [1 - wrong, wrong]


@pytest.fixture
def life(trained: dict[str, str], trips: str, schema: str, platform: LocalPlatform) -> Iterator[Life]:
    MlflowClient().create_model_version(trained["model_name"], trained["model_uri"], run_id=trained["run_id"])
    prove(trained | {"model_version": "2"}, platform)
    registry = Registry(trained["model_name"])
    registry.set_alias(CHAMPION, "1")
    with FakeWorkspace() as workspace:
        endpoint = FakeEndpoints(workspace, "shop", polls=1)
        client = WorkspaceClient(host=workspace.url, token="token", config_file="/dev/null")  # noqa: S106 - of a fake
        endpoint.serve_by_hand(v1=100)
        yield Life(replace(platform, gateway=Gateway(client)), registry, endpoint, schema, trips)


def champion(registry: Registry) -> str:
    found = registry.champion()
    return str(found.version) if found else "none"


def test_a_better_challenger_becomes_champion(life: Life) -> None:
    assert life.look("0") == {"action": "none"}
    life.open()
    assert life.look("1")["reason"] == "0 of 30 requests with labels for each version at 50 %"
    life.ask({"1": 0.6, "2": 0.05})
    found = life.look("2")
    assert (found["action"], found["model_version"]) == ("finish", "2")
    assert found["reason"].startswith("the challenger is better than the champion: mean loss ")
    assert life.look("2") == found  # repeated
    assert life.act(found) == {"champion_version": "2", "promoted": "true", "rolled_back_version": "none"}
    assert (life.endpoint.shares(), champion(life.registry), is_open(life.registry)) == ({"2": 100}, "2", None)
    assert life.act(found)["promoted"] == "false"  # repeated
    rows = life.platform.tables.read(f"{life.schema}.rollout_history").orderBy("check_id").collect()
    assert [(row["check_id"], row["action"]) for row in rows] == [("1", "none"), ("2", "finish")]
    assert (rows[1]["requests_challenger"], rows[1]["labelled_champion"], rows[1]["failed_champion"]) == (40, 40, 0)
    assert rows[1]["difference_low"] < rows[1]["difference"] < rows[1]["difference_high"] < 0
    tags = life.registry.version("2").tags
    assert tags["rollout_look"].startswith("ab at 50 %, 20")
    assert "version 2: 40 requests, 0 failed, 0 slow, 40 labelled, loss " in tags["rollout_look"]
    assert tags[DECISION].startswith("promoted: the challenger is better than the champion")


def test_a_crashing_challenger_loses_its_traffic(life: Life) -> None:
    life.open()
    life.ask({"1": 0.1, "2": 0.1}, failing="2")
    found = life.look("1")
    assert found["action"] == "abort"
    assert found["reason"].startswith("40 of 40 requests to the challenger failed, but only 0 of 40 to the champion")
    assert life.act(found)["champion_version"] == "1"
    assert (life.endpoint.shares(), is_open(life.registry)) == ({"1": 100}, None)
    assert life.look("2") == {"action": "none"}


def test_a_rollout_ends_when_its_versions_change_meanwhile(life: Life) -> None:
    life.open()
    MlflowClient().delete_model_version(life.registry.name, "2")
    found = life.look("1")
    assert (found["action"], found["reason"]) == ("abort", "version 2 was deleted")
    life.act(found)
    assert (life.endpoint.shares(), is_open(life.registry)) == ({"1": 100}, None)


def test_a_step_needs_a_reason_and_an_endpoint(life: Life) -> None:
    life.open()
    with pytest.raises(ProjectError, match="the action abort needs the parameter reason: give it a value"):
        life.act({"action": "abort", "model_version": "2", "share": "0", "reason": " "})
    with pytest.raises(ProjectError, match="the action abort needs the parameter endpoint_name: give it a value"):
        life.run(change_champion, model_name=life.registry.name, action="abort", reason="so")
    assert is_open(life.registry) == "2"
    life.act({"action": "abort", "model_version": "", "share": "0", "reason": "an operator says so"})
    assert is_open(life.registry) is None


def test_a_rollback_ends_the_rollout(life: Life, trained: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(champion_endpoint, "require_published", lambda *_: None)
    monkeypatch.setattr(champion_endpoint.ChampionEndpoint, "_holdout", lambda *_: None)
    MlflowClient().create_model_version(trained["model_name"], trained["model_uri"], run_id=trained["run_id"])
    prove(trained | {"model_version": "3"}, life.platform)
    life.open()
    life.run(
        change_champion,
        action="rollback",
        model_name=life.registry.name,
        to_version="3",
        reason="fares went wild",
        rolled_back_table=f"{life.schema}.rolled_back_versions",
        endpoint_name="shop",
        endpoint_minutes=0.05,
    )
    assert (life.endpoint.shares(), champion(life.registry), is_open(life.registry)) == ({"3": 100}, "3", None)
    assert "version 1, which it was compared with, was rolled back" in life.registry.version("2").tags[DECISION]
