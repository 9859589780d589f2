"""Tests of the vendor's client itself: what it does with tables, lookups, functions and models."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import mlflow
import pytest
from mlflow.models import infer_signature
from pyspark.sql import DataFrame, SparkSession
from sklearn.linear_model import LinearRegression

from parity.unity_catalog import FakeUnityCatalog

NOON = datetime(2026, 1, 5, 12)  # noqa: DTZ001 - the session's time zone is UTC
MODEL = "dev.taxi.fare"
RAW_MODEL = "data/feature_store/raw_model"


@pytest.fixture(autouse=True)
def _only_known_requests(workspace: FakeUnityCatalog) -> Iterator[None]:
    yield
    assert workspace.unknown == []


@pytest.fixture(scope="module")
def client(vendor: ModuleType, databricks: SparkSession) -> Any:  # noqa: ANN401 - optional
    client = vendor.FeatureEngineeringClient()
    assert client._spark_client._spark is databricks  # noqa: SLF001 - to rule out the session of another server
    return client


@pytest.fixture(scope="module")
def lookups(vendor: ModuleType, databricks: SparkSession, workspace: FakeUnityCatalog) -> list[Any]:
    """Two point-in-time lookups and two functions; the second function takes the feature of the first lookup."""
    rows = [(zone, NOON - timedelta(hours=hours), zone * 100 + hours) for zone in (1, 2) for hours in (0, 2, 30)]
    for side in ("pickup", "dropoff"):
        frame = databricks.createDataFrame(rows, f"{side}_zone BIGINT, at TIMESTAMP, trips INT")
        frame.write.saveAsTable(f"dev.taxi.{side}_features")
        workspace.tables[f"dev.taxi.{side}_features"] = ([f"{side}_zone"], "at")
    databricks.sql("""CREATE OR REPLACE FUNCTION dev.taxi.hour_of(at TIMESTAMP) RETURNS INT
        LANGUAGE PYTHON COMMENT 'Hour, of the day' AS $$
            return at.hour
        $$""")
    databricks.sql("""CREATE OR REPLACE FUNCTION dev.taxi.half(value INT) RETURNS DOUBLE LANGUAGE PYTHON AS $$
            return None if value is None else value / 2
        $$""")
    return [
        *(
            vendor.FeatureLookup(
                table_name=f"dev.taxi.{side}_features",
                lookup_key=f"{side}_zone",
                timestamp_lookup_key="pickup_at",
                feature_names=["trips"],
                rename_outputs={"trips": f"{side}_trips"},
                lookback_window=timedelta(hours=24),
            )
            for side in ("pickup", "dropoff")
        ),
        vendor.FeatureFunction(
            udf_name="dev.taxi.hour_of", input_bindings={"at": "pickup_at"}, output_name="pickup_hour"
        ),
        vendor.FeatureFunction(
            udf_name="dev.taxi.half", input_bindings={"value": "pickup_trips"}, output_name="half_trips"
        ),
    ]


@pytest.fixture(scope="module")
def spine(databricks: SparkSession) -> DataFrame:
    rows = [
        (number, zone, 3 - zone, NOON - timedelta(minutes=minutes), 0.5, 10.0 + number)
        for number, (zone, minutes) in enumerate([(1, 0), (2, 0), (1, 60), (2, 60), (1, 90), (2, 90)])
    ]
    schema = "trip_id BIGINT, pickup_zone BIGINT, dropoff_zone BIGINT, pickup_at TIMESTAMP, km DOUBLE, fare DOUBLE"
    return databricks.createDataFrame(rows, schema)


@pytest.fixture(scope="module")
def training_set(client: Any, spine: DataFrame, lookups: list[Any]) -> Any:  # noqa: ANN401 - optional
    excluded = ["trip_id", "pickup_zone", "dropoff_zone", "pickup_at"]
    return client.create_training_set(df=spine, feature_lookups=lookups, label="fare", exclude_columns=excluded)


@pytest.fixture(scope="module")
def version(client: Any, training_set: Any) -> str:  # noqa: ANN401 - optional
    rows = training_set.load_df().toPandas()
    features, label = rows.drop(columns="fare"), rows["fare"]
    model = LinearRegression().fit(features, label)
    with mlflow.start_run() as run:
        client.log_model(
            model=model,
            artifact_path="model",
            flavor=mlflow.sklearn,
            training_set=training_set,
            serialization_format="cloudpickle",
            pip_requirements=["scikit-learn"],
            signature=infer_signature(features, model.predict(features)),
            input_example=features.head(5),
        )
    return str(mlflow.register_model(f"runs:/{run.info.run_id}/model", MODEL).version)


def test_training_set_has_features_as_of_the_event_and_functions(training_set: Any) -> None:  # noqa: ANN401
    rows = training_set.load_df().toPandas()
    assert list(rows.columns) == ["km", "pickup_trips", "dropoff_trips", "pickup_hour", "half_trips", "fare"]
    found = rows.sort_values("fare").drop(columns=["km", "fare"]).to_numpy().tolist()
    assert found == [
        [100, 200, 12, 50],
        [200, 100, 12, 100],
        [102, 202, 11, 51],
        [202, 102, 11, 101],
        [102, 202, 10, 51],
        [202, 102, 10, 101],
    ]


def test_batch_is_scored_from_keys_and_event_time_alone(
    client: Any,  # noqa: ANN401 - optional
    spine: DataFrame,
    training_set: Any,  # noqa: ANN401 - likewise
    version: str,
) -> None:
    scored = client.score_batch(
        model_uri=f"models:/{MODEL}/{version}", df=spine.drop("fare"), result_type="double", env_manager="local"
    )
    features = ["km", "pickup_trips", "dropoff_trips", "pickup_hour", "half_trips"]
    assert scored.columns[:5] == ["trip_id", "pickup_zone", "dropoff_zone", "pickup_at", "km"]
    assert scored.columns[5:] == [*features[1:], "prediction"]
    rows = scored.toPandas().sort_values("trip_id")
    model = mlflow.sklearn.load_model(f"{_artifacts(version)}/{RAW_MODEL}")
    assert rows["prediction"].to_numpy() == pytest.approx(model.predict(rows[features]))
    assert training_set.load_df().columns == [*features, "fare"]


def test_raw_model_has_the_signature_and_the_example(version: str) -> None:
    raw = mlflow.pyfunc.load_model(f"{_artifacts(version)}/{RAW_MODEL}")
    assert raw.metadata.signature.inputs.input_names()[:2] == ["km", "pickup_trips"]
    assert raw.metadata.signature.outputs is not None
    assert len(raw.input_example) == 5
    assert len(raw.predict(raw.input_example)) == 5


def test_table_is_published(client: Any, lookups: list[Any]) -> None:  # noqa: ANN401 - optional
    assert client.get_online_store(name="store") is None
    store = client.create_online_store(name="store", capacity="CU_1")
    assert client.get_online_store(name="store").state.value == "STARTING"
    published = client.publish_table(
        online_store=store, source_table_name=lookups[0].table_name, online_table_name="dev.taxi.pickup_online"
    )
    assert published.online_table_name == "dev.taxi.pickup_online"
    assert client.get_online_store(name="store").name == "store"


def test_another_engine_runs_in_the_same_process(databricks: SparkSession, spark: SparkSession) -> None:
    assert [spark.range(3).count(), databricks.range(4).count()] == [3, 4]
    assert SparkSession.builder.getOrCreate() is databricks


@pytest.mark.parametrize("databricks", [True], indirect=True, ids=["delta"])
def test_table_is_created_and_merged(
    client: Any,  # noqa: ANN401 - optional
    databricks: SparkSession,
    workspace: FakeUnityCatalog,
) -> None:
    first = databricks.createDataFrame([(1, NOON, 1.0), (2, NOON, 2.0)], "id BIGINT, at TIMESTAMP, x DOUBLE")
    client.create_table(name="dev.taxi.f", primary_keys=["id", "at"], timestamp_keys="at", df=first)
    assert workspace.tables["dev.taxi.f"] == (["id"], "at")
    more = databricks.createDataFrame(
        [(2, NOON, 5.0, 7), (3, NOON, 3.0, 8)], "id BIGINT, at TIMESTAMP, x DOUBLE, n INT"
    )
    client.write_table(name="dev.taxi.f", df=more, mode="merge")
    rows = client.read_table(name="dev.taxi.f").select("id", "x", "n").orderBy("id").collect()
    assert [tuple(row) for row in rows] == [(1, 1.0, None), (2, 5.0, 7), (3, 3.0, 8)]


def _artifacts(version: str) -> str:
    return mlflow.MlflowClient().get_model_version_download_uri(MODEL, version)
