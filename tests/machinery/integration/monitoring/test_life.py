"""A whole life with drift on the local runner: from the first model to the one that monitoring has asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from bundle_tools.bundle import load as bundles
from bundle_tools.run import entry_points
from bundle_tools.run.scheduler import JobRun, run_job
from bundle_tools.workspace.workspace import Workspace, model_name
from mlops import tasks
from mlops.loading import predict
from mlops.registry import Registry, uri
from mlops_local.platform import LocalPlatform

import example
from example import synthetic
from generated import generated_project
from running import new_schema

ROOT = generated_project()
BEGIN, DRIFT = date(2016, 1, 11), date(2016, 2, 1)  # Mondays
SIX = timedelta(hours=6)


@dataclass
class Life:
    """A project whose source table grows from week to week.

    Attributes:
        deployed: The bundle.
        platform: The local platform.
        model: The registered model.
        trips: All trips that there will be, and the name of the source table.
        ran: The entry points that have run, in order.
    """

    deployed: bundles.Bundle
    platform: LocalPlatform
    model: Registry
    trips: tuple[pa.Table, str]
    ran: list[str] = field(default_factory=list)

    @property
    def inference(self) -> str:
        """The job, and its entry point, that scores rows."""
        return "batch_inference" if "batch_inference" in self.deployed.jobs else "stream_inference"

    def until(self, day: date) -> None:
        """Let the trips up to a day arrive."""
        times = self.trips[0]["tpep_pickup_datetime"]
        first, last = (datetime(one.year, one.month, one.day, tzinfo=UTC) for one in (BEGIN, day))
        there = self.trips[0].filter(pc.and_(pc.greater_equal(times, first), pc.less(times, last)))
        self.platform.tables.overwrite(self.trips[1], self.platform.spark.createDataFrame(there))

    def run(self, job: str, **parameters: str) -> JobRun:
        """Run a job of the bundle; explanations of models and the endpoint are left out."""
        made = {name: tasks.entry_point(name, example.PROJECT) for name in tasks.ENTRY_POINTS}
        call = entry_points.caller(made, self.platform)

        def calling(entry_point: str, given: Mapping[str, str]) -> Mapping[str, Any]:
            self.ran.append(entry_point)
            without_endpoint = dict(given) | {name: "" for name in given if name == "endpoint_name"}
            return {} if entry_point == "explain" else call(entry_point, without_endpoint)

        run = run_job(self.deployed, job, call=calling, parameters=parameters)
        assert run.failure is None, run.failure.error
        return run

    def monitor(self, day: date) -> dict[str, str]:
        """Let trips arrive until a day, score them, and monitor early on that day; return what the check says."""
        self.until(day)
        self.run("features")
        self.run(self.inference)
        as_of = datetime(day.year, day.month, day.day, tzinfo=UTC) + SIX
        run = self.run("monitoring", as_of=as_of.isoformat(), trials="1")
        return dict(run.tasks["check_metrics"].values)

    def error(self, version: str, day: date) -> float:
        """Return the root mean squared error of a version on the trips of the week after a day."""
        config = example.PROJECT.config
        rows = self.platform.tables.read(f"{self.trips[1].rsplit('.', maxsplit=1)[0]}.inference_log").toPandas()
        week = rows[(rows["tpep_pickup_datetime"] >= np.datetime64(day)) & rows["fare_amount"].notna()]
        found = predict(uri(self.model.name, version), week[list(config.features)])
        return float(np.sqrt(((found - week["fare_amount"]) ** 2).mean()))


@pytest.fixture
def life(
    platform: LocalPlatform,
    experiment_id: str,  # noqa: ARG001 - opens MLflow
    lenient_gates: None,  # noqa: ARG001 - used for its side effect
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Life:
    config = example.PROJECT.config
    promotion = config.promotion.model_copy(update={"block_hours": 12.0})  # so that two weeks hold out enough blocks
    example.change(monkeypatch, config=config.model_copy(update={"promotion": promotion}))
    schema = new_schema(platform.spark)
    variables = {
        "catalog": "dev",
        "schema": schema.split(".")[1],
        "model": f"m{tmp_path.name}"[:60],
        "source_tables": f"trips={schema}.trips",
    }
    bundle = bundles.load(ROOT, "staging", variables=variables, environ={})
    deployed = Workspace(tmp_path).deploy(bundle, platform.spark)
    trips = synthetic.example_data(6000, drift_from=DRIFT)
    return Life(deployed, platform, Registry(model_name(bundle, "model")), (trips, f"{schema}.trips"))


@pytest.mark.skipif(example.PROJECT.config.problem_type != "regression", reason="only fares drift in the example")
@pytest.mark.thorough
def test_drift_is_found_a_better_model_is_trained_and_then_all_is_quiet(life: Life) -> None:
    life.until(date(2016, 1, 25))
    life.run("lifecycle", trials="1")
    assert str(life.model.champion().version) == "1"  # type: ignore[union-attr] # there is one

    healthy = life.monitor(date(2016, 2, 1))
    assert healthy["retrain"] == "false"
    first = life.monitor(date(2016, 2, 8))
    assert first["retrain"] == "false"  # one week may be chance
    second = life.monitor(date(2016, 2, 15))
    assert (second["verdict"], second["retrain"]) == ("retrain", "true")
    assert "quality is" in second["reason"]
    assert "ks_test of trip_distance" in second["reason"]

    champion = life.model.champion()
    assert champion is not None
    assert str(champion.version) == "2"
    reason = f"monitoring: {second['reason']}"
    assert champion.tags["training_reason"] == reason[:1000]
    assert mlflow.get_run(champion.run_id).data.tags["training_reason"] == reason
    assert life.error("2", date(2016, 2, 8)) < life.error("1", date(2016, 2, 8))

    quiet = life.monitor(date(2016, 2, 22))
    assert (quiet["verdict"], quiet["retrain"]) == ("healthy", "false")
    assert life.ran.count("train") == 2
