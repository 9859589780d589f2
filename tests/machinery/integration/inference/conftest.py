"""A project of three columns whose models are made for a test, so that each test states what they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import ColSpec, DataType, Schema
from sklearn.base import BaseEstimator

from mlops.config.inference import Inference, NewRows
from mlops.config.load import ProjectConfig
from mlops.config.source import Source
from mlops.registry import CHAMPION, Registry
from mlops.tasks import batch_inference, deliver, stream_inference
from mlops_local.platform import LocalPlatform

import example
from running import Runner, new_schema

Trip = tuple[str | None, datetime | None, float | None]
COLUMNS = "trip_id STRING, at TIMESTAMP, miles DOUBLE"


class Doubling(BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """Predicts a multiple of the miles; fails on 13 miles, and predicts nothing finite for 7."""

    def __init__(self, factor: float, fails: float = 13.0) -> None:
        self.factor = factor
        self.fails = fails

    def predict(self, rows: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
        miles = rows["miles"].to_numpy()
        if (miles == self.fails).any():
            raise ValueError(f"{self.fails:g} miles bring bad luck")
        return np.where(miles == 7.0, np.nan, self.factor * miles)


def hour(number: float) -> datetime:
    return datetime.fromtimestamp(1_700_000_000 + 3600 * number, UTC)


def settings(**inference: object) -> ProjectConfig:
    """The configuration, with these settings of inference."""
    chosen: dict[str, Any] = {"new_rows": NewRows(source_time="at", late_hours=24)} | inference
    config = example.PROJECT.config
    spine = config.spine.model_copy(update={"key": "trip_id", "event_time": "at", "inputs": ("miles",)})
    columns = {"trip_id": "string", "at": "timestamp", "miles": "double"}
    return config.model_copy(
        update={
            "sources": {"trips": Source.model_validate({"columns": columns, "keys": ["trip_id"], "rules": []})},
            "spine": spine,
            "feature_tables": {},
            "lookups": (),
            "functions": (),
            "inference": Inference.model_validate(chosen),
        }
    )


@dataclass
class Taxi:
    """The source, the model and the results of a test."""

    platform: LocalPlatform
    schema: str
    run_task: Runner
    patch: pytest.MonkeyPatch
    experiment_id: str
    runs: int = 0

    @property
    def model_name(self) -> str:
        return f"{self.schema}.fare"

    def set(self, **inference: object) -> None:
        """Use these settings of inference."""
        example.change(self.patch, config=settings(**inference), spine=lambda trips: trips, feature_tables={})

    def source(self, rows: Sequence[Trip]) -> None:
        """Replace the rows of the source."""
        self.platform.tables.overwrite(f"{self.schema}.trips", self.platform.spark.createDataFrame(list(rows), COLUMNS))

    def champion(self, factor: float, **how: float) -> str:
        """Register a version, make it champion, and return its number."""
        config = example.PROJECT.config
        store = self.platform.feature_store(self.schema, {})
        frame = self.platform.spark.createDataFrame([("a", hour(0), 1.0)], COLUMNS)
        built = store.training_set(frame.withColumnRenamed("miles", "miles"), config.feature_set, {}, "miles")
        rows = frame.toPandas()
        estimator = Doubling(factor, **how)
        signature = infer_signature(rows[["miles"]], estimator.predict(rows))
        takes = ModelSignature(Schema([ColSpec(DataType.double, "miles", required=False)]), signature.outputs)
        with mlflow.start_run(experiment_id=self.experiment_id):
            logged = store.log_model(
                estimator,
                built,
                rows,
                signature=takes,
                pyfunc_predict_fn="predict",
                serialization_format="cloudpickle",
                pip_requirements=["scikit-learn"],
            )
        registry = Registry(self.model_name)
        version = registry.register(logged, {})
        registry.set_alias(CHAMPION, version)
        return version

    def score(self, **parameters: object) -> dict[str, str]:
        """Run batch inference as the next run of the job."""
        self.runs += 1
        given = self.parameters() | {"scoring_run": f"run{self.runs}"} | parameters
        return self.run_task(batch_inference, **given)

    def arrive(self, rows: Sequence[Trip]) -> None:
        """Append rows to the source."""
        self.platform.tables.append(f"{self.schema}.trips", self.platform.spark.createDataFrame(list(rows), COLUMNS))

    def stream(self, **parameters: object) -> dict[str, str]:
        """Run streaming inference as the next run of the job."""
        checkpoint = f"/Volumes/{self.schema.replace('.', '/')}/artifacts/streams/predictions"
        return self.run_task(stream_inference, **(self.parameters() | {"checkpoint": checkpoint} | parameters))

    def deliver(self, **parameters: object) -> dict[str, str]:
        """Run the delivery."""
        given = {name: self.parameters()[name] for name in ("schema_name", "predictions_table")}
        return self.run_task(
            deliver, **(given | {"volume": f"/Volumes/{self.schema.replace('.', '/')}/artifacts"} | parameters)
        )

    def parameters(self) -> dict[str, object]:
        return {
            "source_tables": f"trips={self.schema}.trips",
            "schema_name": self.schema,
            "model_name": self.model_name,
            "predictions_table": f"{self.schema}.predictions",
            "quarantine_table": f"{self.schema}.quarantine",
        }

    def read(self, table: str, *columns: str) -> list[tuple[object, ...]]:
        """The rows of a table, sorted; empty if it does not exist."""
        name = f"{self.schema}.{table}"
        if not self.platform.tables.exists(name):
            return []
        rows = self.platform.tables.read(name).select(*columns).collect()
        return sorted((tuple(row) for row in rows), key=str)

    @property
    def predictions(self) -> list[tuple[object, ...]]:
        return self.read("predictions", "trip_id", "prediction", "model_version")

    @property
    def quarantined(self) -> list[tuple[object, ...]]:
        return self.read("quarantine", "trip_id", "miles", "reason")


@pytest.fixture
def taxi(platform: LocalPlatform, run_task: Runner, monkeypatch: pytest.MonkeyPatch, experiment_id: str) -> Taxi:
    """A project with a source of three trips and no champion."""
    found = Taxi(platform, new_schema(platform.spark), run_task, monkeypatch, experiment_id)
    MlflowClient().create_registered_model(found.model_name)
    found.set()
    found.source([("a", hour(0), 1.0), ("b", hour(1), 2.0), ("c", hour(2), 3.0)])
    return found


def crash(patch: pytest.MonkeyPatch, owner: type, method: str) -> Callable[[], None]:
    """Let a method do its work and then fail, as a process that is killed just afterwards; return how to undo it."""
    original = getattr(owner, method)

    def killed(*arguments: object, **named: object) -> None:
        original(*arguments, **named)
        raise KeyboardInterrupt(uuid4().hex)

    patch.setattr(owner, method, killed)
    return lambda: patch.setattr(owner, method, original)
