from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import DataFrame, SparkSession

from mlops.config.load import ProjectConfig
from mlops.config.monitoring import Labels, Monitoring
from mlops.errors import ProjectError
from mlops.monitoring.inference_log import InferenceLog
from mlops.monitoring.labels import known_labels
from mlops_local.platform import LocalPlatform

import example
from running import trips_of

REGRESSION = example.PROJECT.config.model_copy(update={"problem_type": "regression", "label": "fare_amount"})
BINARY = REGRESSION.model_copy(update={"problem_type": "classification", "label": "long_trip"})
CLASSES = REGRESSION.model_copy(update={"problem_type": "multiclass", "label": "kind", "classes": (1, 2, 3)})
T = datetime(2016, 1, 4, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def name(schema: str) -> str:
    return f"{schema}.inference_log"


def predictions(
    platform: LocalPlatform, schema: str, rows: list[tuple[str, float, str, datetime]], kind: str = "double"
) -> str:
    """Write predictions: key, prediction, model version and the time of scoring; each trip starts at T."""
    table = f"{schema}.predictions"
    full = [(key, T, 1.5, "Queens", prediction, "dev.s.m", version, at) for key, prediction, version, at in rows]
    columns = (
        "trip_id string, tpep_pickup_datetime timestamp, trip_distance double, pickup_borough string, "
        f"prediction {kind}, model_name string, model_version string, scored_at timestamp"
    )
    platform.tables.overwrite(table, platform.spark.createDataFrame(full, columns))
    return table


def labels(spark: SparkSession, rows: list[tuple[object, ...]], columns: str) -> DataFrame:
    return spark.createDataFrame(rows, columns)


def read(platform: LocalPlatform, name: str, *columns: str) -> list[tuple[object, ...]]:
    return sorted(tuple(row) for row in platform.tables.read(name).select(*columns).collect())


def of(platform: LocalPlatform, name: str, config: ProjectConfig = REGRESSION) -> InferenceLog:
    return InferenceLog(platform.tables, name, config)


def test_the_log_of_a_project_without_predictions_is_empty(platform: LocalPlatform, schema: str, name: str) -> None:
    log = of(platform, name)
    assert log.add_predictions(f"{schema}.predictions") == 0
    assert log.set_labels(labels(platform.spark, [("a", 5.0)], "trip_id string, fare_amount double"), T) == 0


def test_predictions_are_added_once_and_kept_for_each_version(platform: LocalPlatform, schema: str, name: str) -> None:
    log = of(platform, name)
    assert log.add_predictions(predictions(platform, schema, [("a", 5.0, "1", T), ("b", 6.0, "1", T)])) == 2
    again = [("a", 5.0, "1", T), ("b", 6.5, "2", T + HOUR), ("c", 7.0, "2", T + HOUR)]
    assert log.add_predictions(predictions(platform, schema, again)) == 2
    assert log.add_predictions(predictions(platform, schema, again)) == 0
    assert read(platform, name, "trip_id", "prediction", "model_version") == [
        ("a", 5.0, "1"),
        ("b", 6.0, "1"),
        ("b", 6.5, "2"),
        ("c", 7.0, "2"),
    ]


def test_predictions_older_than_the_newest_in_the_log_are_not_read_again(
    platform: LocalPlatform, schema: str, name: str
) -> None:
    log = of(platform, name)
    log.add_predictions(predictions(platform, schema, [("a", 5.0, "1", T)]))
    rows = [("old", 5.0, "1", T - HOUR), ("same time", 5.0, "1", T), ("new", 6.0, "1", T + HOUR)]
    assert log.add_predictions(predictions(platform, schema, rows)) == 2
    assert [key for (key,) in read(platform, name, "trip_id")] == ["a", "new", "same time"]


def test_labels_arrive_in_any_order_and_the_latest_counts(platform: LocalPlatform, schema: str, name: str) -> None:
    log = of(platform, name)
    log.add_predictions(predictions(platform, schema, [("a", 5.0, "1", T), ("b", 6.0, "1", T), ("c", 7.0, "1", T)]))
    columns = "trip_id string, fare_amount double, labelled_at timestamp"
    late = labels(platform.spark, [("b", 9.0, T + 48 * HOUR), ("x", 1.0, T)], columns)
    assert log.set_labels(late, T + 50 * HOUR) == 1
    mixed = [("b", 8.0, T + 24 * HOUR), ("a", 4.0, T + 2 * HOUR), ("a", 4.5, T + 3 * HOUR), ("a", 4.2, T + HOUR)]
    assert log.set_labels(labels(platform.spark, mixed, columns), T + 50 * HOUR) == 1
    assert read(platform, name, "trip_id", "fare_amount") == [("a", 4.5), ("b", 9.0), ("c", None)]
    assert log.set_labels(labels(platform.spark, mixed, columns), T + 60 * HOUR) == 0
    corrected = labels(platform.spark, [("b", 9.5, T + 72 * HOUR)], columns)
    assert log.set_labels(corrected, T + 80 * HOUR) == 1
    assert read(platform, name, "trip_id", "fare_amount")[1] == ("b", 9.5)


def test_a_label_counts_for_the_predictions_of_every_version(platform: LocalPlatform, schema: str, name: str) -> None:
    log = of(platform, name)
    log.add_predictions(predictions(platform, schema, [("a", 5.0, "1", T), ("a", 6.0, "2", T)]))
    assert log.set_labels(labels(platform.spark, [("a", 5.5)], "trip_id string, fare_amount double"), T) == 2


def test_labels_with_a_time_match_only_predictions_of_that_time(
    platform: LocalPlatform, schema: str, name: str
) -> None:
    log = of(platform, name)
    log.add_predictions(predictions(platform, schema, [("a", 5.0, "1", T), ("b", 6.0, "1", T)]))
    columns = "trip_id string, tpep_pickup_datetime timestamp, fare_amount double"
    assert log.set_labels(labels(platform.spark, [("a", T, 5.5), ("b", T + HOUR, 6.5)], columns), T) == 1
    assert read(platform, name, "trip_id", "fare_amount") == [("a", 5.5), ("b", None)]


def test_no_label_is_nan_and_a_label_survives_further_predictions(
    platform: LocalPlatform, schema: str, name: str
) -> None:
    log = of(platform, name)
    rows = [("a", 5.0, "1", T), ("b", 6.0, "1", T)]
    log.add_predictions(predictions(platform, schema, rows))
    found = labels(platform.spark, [("a", 5.5), ("b", float("nan"))], "trip_id string, fare_amount double")
    assert log.set_labels(found, T) == 1
    log.add_predictions(predictions(platform, schema, [*rows, ("c", 7.0, "1", T + HOUR)]))
    assert read(platform, name, "trip_id", "fare_amount") == [("a", 5.5), ("b", None), ("c", None)]


def test_two_classes_are_logged_as_texts_with_their_probabilities(
    platform: LocalPlatform, schema: str, name: str
) -> None:
    log = of(platform, name, BINARY)
    log.add_predictions(predictions(platform, schema, [("a", 0.25, "1", T), ("b", 0.5, "1", T)]))
    log.set_labels(labels(platform.spark, [("a", 1.0), ("b", 0.0)], "trip_id string, long_trip double"), T)
    assert read(platform, name, "trip_id", "prediction", "long_trip") == [("a", "0", "1"), ("b", "1", "0")]
    (row,) = platform.tables.read(name).where("trip_id = 'a'").collect()
    assert row["probabilities"] == {"0": 0.75, "1": 0.25}


def test_labels_of_more_than_two_classes_are_the_texts_of_the_classes(
    platform: LocalPlatform, schema: str, name: str
) -> None:
    log = of(platform, name, CLASSES)
    table = predictions(platform, schema, [("a", 2, "1", T)], "int")  # type: ignore[list-item] # a class
    rows = platform.tables.read(table).selectExpr("*", "map('1', 0.2D, '2', 0.7D, '3', 0.1D) AS probabilities")
    platform.tables.overwrite(f"{schema}.with_map", rows)
    log.add_predictions(f"{schema}.with_map")
    log.set_labels(labels(platform.spark, [("a", 3.0)], "trip_id string, kind double"), T)
    assert read(platform, name, "prediction", "kind") == [("2", "3")]


def test_old_rows_are_forgotten(platform: LocalPlatform, schema: str, name: str) -> None:
    log = of(platform, name)
    log.add_predictions(predictions(platform, schema, [("a", 5.0, "1", T)]))
    log.forget(30, T + timedelta(days=30))
    assert len(read(platform, name, "trip_id")) == 1
    log.forget(30, T + timedelta(days=31))
    assert read(platform, name, "trip_id") == []


def test_a_predictions_table_of_another_kind_is_refused(platform: LocalPlatform, schema: str, name: str) -> None:
    platform.tables.overwrite(f"{schema}.other", platform.spark.createDataFrame([(1,)], "trip_id int"))
    with pytest.raises(ProjectError, match=r"has no column tpep_pickup_datetime, which the inference log needs"):
        of(platform, name).add_predictions(f"{schema}.other")


def test_labels_come_from_the_spine_unless_a_source_is_named(platform: LocalPlatform, trips: str) -> None:
    found = known_labels(example.PROJECT, trips_of(platform, trips))
    assert found is not None
    assert found.columns == ["trip_id", example.PROJECT.config.label]


def test_a_source_of_labels_is_read_by_its_own_columns(platform: LocalPlatform, trips: str) -> None:
    settings = {
        "source": "trips",
        "key": "pickup_zip",
        "label": "fare_amount",
        "event_time": "tpep_pickup_datetime",
        "known_at": "tpep_dropoff_datetime",
    }
    monitoring = Monitoring(labels=Labels(**settings))
    changed = replace(example.PROJECT, config=example.PROJECT.config.model_copy(update={"monitoring": monitoring}))
    found = known_labels(changed, trips_of(platform, trips))
    assert found is not None
    assert found.columns == ["trip_id", example.PROJECT.config.label, "tpep_pickup_datetime", "labelled_at"]
