"""Runs the tasks of the jobs features, training and batch_inference with the vendor's own client on Delta tables."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from mlops.feature_store import online_stores
from mlops.feature_store.databricks import DatabricksFeatureStore
from mlops.loading import load
from mlops.platform.base import use
from mlops.platform.databricks import DatabricksPlatform
from mlops.registry import STATUS_TAG
from mlops.tasks import batch_inference, compute_features, promote, train, validate
from mlops.tasks.task import Task
from mlops_local.platform import LocalPlatform

import example
from example import synthetic
from integration.conftest import lenient
from parity.unity_catalog import FakeUnityCatalog

SETTINGS = example.PROJECT.config
SCHEMA = "dev.taxi"
MODEL = f"{SCHEMA}.fare"
TRIPS = f"{SCHEMA}.trips"

pytestmark = pytest.mark.parametrize("databricks", [True], indirect=True, ids=["delta"])


@pytest.fixture(scope="module")
def vendors(databricks: SparkSession) -> DatabricksPlatform:
    values: dict[str, str] = {}
    task_values = SimpleNamespace(set=lambda key, value: values.update({key: value}), all=values)
    return DatabricksPlatform(databricks, SimpleNamespace(jobs=SimpleNamespace(taskValues=task_values)))


def run(platform: DatabricksPlatform, module: ModuleType, **parameters: object) -> dict[str, str]:
    """Run a task as a job does; return its task values."""
    values: dict[str, str] = platform.dbutils.jobs.taskValues.all
    values.clear()
    with use(platform):
        Task(module.run, example.PROJECT)([f"--{name}={value}" for name, value in parameters.items()])
    return dict(values)


@pytest.fixture(scope="module")
def life(vendors: DatabricksPlatform, workspace: FakeUnityCatalog) -> Iterator[dict[str, dict[str, str]]]:
    """The task values of each task, from features of the first half and then of all trips, to the predictions."""
    with pytest.MonkeyPatch.context() as patch:
        settings = lenient()
        example.change(patch, config=settings)
        patch.setattr(online_stores, "_PAUSE_SECONDS", 0.0)
        trips = vendors.spark.createDataFrame(synthetic.example_data(rows=900))
        found = {}
        for rows in (trips.where("tpep_dropoff_datetime < '2016-02-01'"), trips):
            vendors.tables.overwrite(TRIPS, rows)
            found["features"] = run(
                vendors, compute_features, source_tables=f"trips={TRIPS}", schema_name=SCHEMA, online_store="shop"
            )
        common = {"source_tables": f"trips={TRIPS}", "schema_name": SCHEMA, "model_name": MODEL}
        experiment = mlflow.get_experiment_by_name("vendor").experiment_id
        made = run(
            vendors,
            train,
            **common,
            experiment_id=experiment,
            training_table=f"{SCHEMA}.training_rows",
            trials=1,
            owner="us",
        )
        found["train"] = made
        found["validate"] = run(vendors, validate, model_name=MODEL, **made)
        found["deploy"] = run(vendors, promote, model_name=MODEL, **made)
        found["batch"] = run(
            vendors,
            batch_inference,
            **common,
            predictions_table=f"{SCHEMA}.predictions",
            quarantine_table=f"{SCHEMA}.quarantine",
            scoring_run="1",
        )
        yield found
    assert workspace.unknown == []


def test_feature_tables_have_keys_and_a_change_data_feed_and_are_published(
    life: dict[str, dict[str, str]], vendors: DatabricksPlatform, workspace: FakeUnityCatalog
) -> None:
    assert life["features"]["feature_tables"].split(",") == [f"{SCHEMA}.{name}" for name in SETTINGS.feature_tables]
    for name, table in SETTINGS.feature_tables.items():
        assert workspace.tables[f"{SCHEMA}.{name}"] == (list(table.keys), table.event_time)
        properties = vendors.spark.sql(f"SHOW TBLPROPERTIES {SCHEMA}.{name}").collect()
        assert {row["key"]: row["value"] for row in properties}["delta.enableChangeDataFeed"] == "true"
        assert ("POST", f"/api/2.0/feature-store/tables/{SCHEMA}.{name}/publish") in {
            (method, path) for method, path, _ in workspace.requests
        }
    assert list(workspace.online_stores) == ["shop"]


def test_increments_give_the_same_tables_as_a_full_local_run(
    life: dict[str, dict[str, str]], vendors: DatabricksPlatform, platform: LocalPlatform, features_schema: str
) -> None:
    assert life
    for name, table in SETTINGS.feature_tables.items():
        keys = list(table.primary_keys)
        found, expected = (
            where.read(f"{schema}.{name}").toPandas().sort_values(keys, ignore_index=True)
            for where, schema in ((vendors.tables, SCHEMA), (platform.tables, features_schema))
        )
        pd.testing.assert_frame_equal(found[sorted(found)], expected[sorted(expected)], rtol=1e-9, check_dtype=False)


def test_functions_are_created_under_their_versions(
    life: dict[str, dict[str, str]], workspace: FakeUnityCatalog
) -> None:
    assert set(life["features"]["functions"].split(",")) == set(workspace.functions)


def test_the_model_is_validated_promoted_and_scores(
    life: dict[str, dict[str, str]], vendors: DatabricksPlatform
) -> None:
    version = MlflowClient().get_model_version_by_alias(MODEL, "Champion")
    assert version.tags[STATUS_TAG] == "PASSED"
    assert str(version.version) == life["train"]["model_version"] == life["batch"]["model_version"]
    assert life["deploy"]["promoted"] == "true"
    scored = vendors.tables.read(f"{SCHEMA}.predictions").toPandas()
    assert len(scored) == int(life["batch"]["rows_scored"]) > 500
    expected = load(life["train"]["model_uri"]).predict(scored[list(SETTINGS.features)])
    found = scored["prediction"].to_numpy()
    assert found == pytest.approx(expected[:, -1] if expected.ndim > 1 else expected)


def test_the_version_was_served_with_the_features_it_was_trained_on(life: dict[str, dict[str, str]]) -> None:
    text = mlflow.artifacts.load_text(f"runs:/{life['train']['run_id']}/validation/checks.md")
    assert "| same as in training | passed | 0 |" in text


def test_the_store_uses_the_vendors_client(life: dict[str, dict[str, str]], vendors: DatabricksPlatform) -> None:
    assert life
    store = vendors.feature_store(SCHEMA, SETTINGS.feature_tables)
    assert isinstance(store, DatabricksFeatureStore)
    assert type(store.client).__module__ == "databricks.feature_engineering.client"
