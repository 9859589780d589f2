"""Streaming inference with Structured Streaming on Apache Spark and Delta tables, as on Databricks.

Only the feature store is the local one: the vendor's client needs a catalog that exists in this process alone, and
Spark Connect calls the sink in another one.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.connect.plan import LogicalPlan

from bundle_tools.workspace import engine
from mlops.config.features import FeatureTable
from mlops.errors import ProjectError
from mlops.inference.run_log import InferenceRuns
from mlops.inference.stream import MicroBatches
from mlops.platform.base import use
from mlops.platform.databricks import DatabricksPlatform
from mlops.platform.streaming import Streaming
from mlops.tasks.task import Task
from mlops_local.feature_store.feature_store import LocalFeatureStore

import example
from integration.inference.conftest import COLUMNS, Taxi, Trip, hour, settings

SCHEMA = "spark_catalog.taxi"  # a name that Apache Spark knows, as its workers send no others
TRIPS = [(f"t{n:02}", hour(n), float(n)) for n in range(30) if n not in {7, 13}]
FOLDER = "STREAMING_TEST_FOLDER"


class Spark(DatabricksPlatform):
    """Databricks' platform with volumes in a folder of the test."""

    def volume(self, path: str) -> Path:
        return Path(os.environ[FOLDER]) / path.removeprefix("/")

    def feature_store(self, schema: str, feature_tables: Mapping[str, FeatureTable]) -> Any:  # noqa: ANN401 - another store than Databricks'
        return LocalFeatureStore(self.tables, schema, feature_tables, Path(os.environ[FOLDER]))


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    folder = tmp_path_factory.mktemp("stream")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER, str(folder))
        try:
            with engine.start("spark", ["dev"]) as session:
                session.sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}").collect()
                yield session
        except ProjectError as error:
            pytest.skip(f"Apache Spark, or Delta's jars, cannot be had: {error}")


@pytest.fixture
def taxi(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Taxi]:
    uris = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_registry_uri(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = mlflow.create_experiment("stream", (tmp_path / "artifacts").as_uri())
    values: dict[str, str] = {}
    platform = Spark(spark, SimpleNamespace(jobs=SimpleNamespace(taskValues=SimpleNamespace(set=values.__setitem__))))

    def run(module: ModuleType, **parameters: object) -> dict[str, str]:
        values.clear()
        with use(platform):
            found = Task(module.run, example.PROJECT)
            done = found.execute(found.parameters(**parameters), platform)
        return {key: str(value) for key, value in done.model_dump().items()}

    schema = f"{SCHEMA}_{tmp_path.name.replace('-', '_')}"
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}").collect()
    found = Taxi(platform, schema, run, monkeypatch, experiment)  # type: ignore[arg-type] # another platform
    MlflowClient().create_registered_model(found.model_name)
    found.set()
    yield found
    mlflow.set_tracking_uri(uris[0])
    mlflow.set_registry_uri(uris[1])


def test_rows_are_scored_once_in_any_order_by_the_champion_of_their_batch(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.source(TRIPS[10:20])
    assert taxi.stream()["rows_scored"] == "10"
    taxi.champion(3.0)
    taxi.arrive(TRIPS[:12])  # two of them again
    taxi.arrive(TRIPS[20:])
    assert taxi.stream()["rows_scored"] == str(len(TRIPS) - 10)
    assert taxi.stream()["rows_scored"] == "0"
    early = {key for key, *_ in TRIPS[10:20]}
    assert taxi.predictions == [
        (key, (2 if key in early else 3) * miles, "1" if key in early else "2") for key, _, miles in TRIPS
    ]


class Dying(MicroBatches):
    """Kills its process in the middle of a batch, after the predictions were written, if a file says so."""

    def __call__(self, rows: DataFrame, batch: int, platform: Spark) -> None:
        flag = Path(os.environ[FOLDER]) / "die"

        def killed(*_: object) -> None:
            flag.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

        original = InferenceRuns.record
        if flag.exists():
            InferenceRuns.record = killed  # type: ignore[method-assign,assignment] # in a process that ends
        super().__call__(rows, batch, platform)
        InferenceRuns.record = original  # type: ignore[method-assign]


def test_a_batch_whose_process_is_killed_half_way_is_repeated(taxi: Taxi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops.tasks.stream_inference.MicroBatches", Dying)
    taxi.champion(2.0)
    taxi.source([*TRIPS[:15], (None, hour(1), 1.0)])
    taxi.set(quarantine={"at_most": 1.0})
    flag = Path(os.environ[FOLDER]) / "die"
    flag.touch()
    with pytest.raises(PySparkException):
        taxi.stream()
    assert not flag.exists()
    assert len(taxi.predictions) == 15
    taxi.arrive(TRIPS[15:])
    taxi.stream()
    assert taxi.predictions == [(key, 2 * miles, "1") for key, _, miles in TRIPS]
    assert len(taxi.quarantined) == 1
    assert sum(int(str(row[0])) for row in taxi.read("inference_runs", "rows_scored")) == len(TRIPS)


class Asking:
    """Asks for a table that does not exist yet, in as many plans as the driver has made and some more; creates it."""

    def __init__(self, table: str, plans: int) -> None:
        self.table = table
        self.plans = plans

    def __call__(self, rows: DataFrame, batch: int, platform: Spark) -> None:  # noqa: ARG002 - a sink
        for _ in range(self.plans + 10):
            assert not platform.tables.exists(self.table)
        platform.tables.append(self.table, rows)


def test_the_driver_does_not_get_what_the_sink_was_answered_before(taxi: Taxi) -> None:
    taxi.source(TRIPS[:2])
    table = f"{taxi.schema}.found"
    how = Streaming(f"/Volumes/{table.replace('.', '/')}/stream", {}, None, 1)
    taxi.platform.stream(f"{taxi.schema}.trips", Asking(table, LogicalPlan._nextPlanId), how)  # noqa: SLF001 - nothing public tells it
    assert [taxi.platform.tables.exists(table) for _ in range(10)] == [True] * 10


def test_rows_of_a_rewritten_file_are_seen_again_and_scored_once(taxi: Taxi, spark: SparkSession) -> None:
    taxi.champion(2.0)
    trips: list[Trip] = [("a", hour(0), 1.0), ("b", hour(1), 2.0)]
    taxi.source(trips)
    taxi.stream()
    spark.sql(f"UPDATE {taxi.schema}.trips SET miles = 5 WHERE trip_id = 'b'").collect()  # noqa: S608 - the test's own
    taxi.arrive([("c", hour(2), 3.0)])
    assert taxi.stream()["rows_scored"] == "1"
    assert taxi.predictions == [("a", 2.0, "1"), ("b", 4.0, "1"), ("c", 6.0, "1")]


def test_a_stream_with_an_interval_ends_after_its_hours_and_goes_on_from_its_checkpoint(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.source(TRIPS[:5])
    taxi.stream(interval="1 second", hours=20 / 3600)  # a busy machine may have scored nothing until then
    taxi.arrive(TRIPS[5:9])
    taxi.stream()
    assert taxi.predictions == [(key, 2 * miles, "1") for key, _, miles in TRIPS[:9]]


def test_the_columns_are_those_of_the_source(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.source(TRIPS[:2])
    taxi.stream()
    found = taxi.platform.tables.read(f"{taxi.schema}.predictions")
    assert [name for name in COLUMNS.replace(",", "").split()[::2] if name not in found.columns] == []
    assert settings().spine.key in found.columns
