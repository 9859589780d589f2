"""The payload table of an endpoint, as Databricks documents it for AI Gateway, becomes rows of the log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import SparkSession

from mlops.config.load import ProjectConfig
from mlops.monitoring.inference_log import InferenceLog
from mlops.monitoring.payload import Unpacked, unpack
from mlops.monitoring.payload_rows import MalformedError, read
from mlops_local.platform import LocalPlatform

import example

T = datetime(2026, 1, 5, 8, tzinfo=UTC)
TYPES = {
    "trip_id": "string",
    "tpep_pickup_datetime": "timestamp",
    "trip_distance": "double",
    "pickup_zip": "int",
    "pickup_borough": "string",
}
PAYLOAD = (
    "request_date date, databricks_request_id string, client_request_id string, request_time timestamp, "
    "status_code int, sampling_fraction double, execution_duration_ms bigint, request string, response string, "
    "logging_error_codes array<string>, served_entity_id string, requester string"
)
REGRESSION = example.PROJECT.config.model_copy(update={"problem_type": "regression", "label": "fare_amount"})
ROW = {"trip_id": "a", "tpep_pickup_datetime": "2026-01-05T07:00:00Z", "trip_distance": 2, "pickup_borough": "Queens"}


def row(
    request_id: str, request: object, response: object, *, status: int = 200, entity: str = "e1"
) -> tuple[Any, ...]:
    bodies = (body if isinstance(body, str) or body is None else json.dumps(body) for body in (request, response))
    return (T.date(), request_id, None, T, status, 1.0, 12, *bodies, [], entity, "me")


def unpacked(spark: SparkSession, rows: list[tuple[Any, ...]], config: ProjectConfig = REGRESSION) -> Unpacked:
    versions = spark.createDataFrame([("e1", "3")], "served_entity_id string, entity_version string")
    return unpack(config, spark.createDataFrame(rows, PAYLOAD), versions, "prod.taxi.fare", TYPES)


def test_every_row_of_a_request_becomes_a_row_of_the_log(spark: SparkSession) -> None:
    request = {"dataframe_records": [ROW, {"trip_distance": 3.5, "pickup_zip": 10001}]}
    found = unpacked(spark, [row("r1", request, {"predictions": [9.5, 14.0]})]).rows.orderBy("log_id").collect()
    first, second = (one.asDict() for one in found)
    assert (first["log_id"], first["trip_id"], first["prediction"]) == ("endpoint:r1:0", "a", 9.5)
    assert (first["model_version"], first["model_name"]) == ("3", "prod.taxi.fare")
    assert (first["status_code"], first["latency_ms"], first["scored_by"]) == (200, 12.0, "endpoint")
    assert (second["trip_id"], second["trip_distance"], second["pickup_zip"]) == ("endpoint:r1:1", 3.5, 10001)
    times = unpacked(spark, [row("r1", request, {"predictions": [9.5, 14.0]})]).rows.orderBy("log_id")
    micros = [one[0] for one in times.selectExpr("unix_micros(tpep_pickup_datetime)").collect()]
    assert micros == [int(T.timestamp() - 3600) * 1_000_000, int(T.timestamp()) * 1_000_000]


def test_malformed_payloads_are_quarantined_with_the_reason(spark: SparkSession) -> None:
    good = row("good", {"dataframe_records": [ROW]}, {"predictions": [9.5]})
    bad = [
        row("no json", "{", {"predictions": [1]}),
        row("not logged", None, None),
        row("too few", {"dataframe_records": [ROW, ROW]}, {"predictions": [1]}),
    ]
    found = unpacked(spark, [good, *bad])
    assert [one["log_id"] for one in found.rows.collect()] == ["endpoint:good:0"]
    assert {one["request_id"]: one["reason"] for one in found.quarantined.collect()} == {
        "no json": "the request is not JSON",
        "not logged": "the request was not logged",
        "too few": "2 rows have 1 predictions",
    }


def test_refused_requests_are_neither_logged_nor_quarantined(spark: SparkSession) -> None:
    found = unpacked(spark, [row("r1", {"dataframe_records": [ROW]}, {"error_code": "BAD_REQUEST"}, status=400)])
    assert (found.rows.count(), found.quarantined.count()) == (0, 0)


def test_an_entity_that_is_not_known_has_an_unknown_version(spark: SparkSession) -> None:
    found = unpacked(spark, [row("r1", {"dataframe_records": [ROW]}, {"predictions": [9.5]}, entity="e9")])
    assert [one["model_version"] for one in found.rows.collect()] == ["unknown"]


def test_unpacked_rows_fit_the_log_and_are_added_once(platform: LocalPlatform, schema: str) -> None:
    log = InferenceLog(platform.tables, f"{schema}.inference_log", REGRESSION)
    found = unpacked(platform.spark, [row("r1", {"dataframe_records": [ROW]}, {"predictions": [9.5]})])
    assert log.add(found.rows) == 1
    assert log.add(found.rows) == 0
    labels = platform.spark.createDataFrame([("a", 9.0)], "trip_id string, fare_amount double")
    assert log.set_labels(labels, T) == 1


def test_probabilities_of_two_and_more_classes_become_classes(spark: SparkSession) -> None:
    binary = REGRESSION.model_copy(update={"problem_type": "classification"})
    request = {"dataframe_records": [ROW]}
    (found,) = unpacked(spark, [row("r1", request, {"predictions": [[0.25, 0.75]]})], binary).rows.collect()
    assert (found["prediction"], found["probabilities"]) == ("1", {"0": 0.25, "1": 0.75})
    several = REGRESSION.model_copy(update={"problem_type": "multiclass", "classes": ("low", "mid", "high")})
    (found,) = unpacked(spark, [row("r1", request, {"predictions": [[0.2, 0.7, 0.1]]})], several).rows.collect()
    assert (found["prediction"], found["probabilities"]["high"]) == ("mid", 0.1)


@pytest.mark.parametrize(
    "request_body",
    [
        {"dataframe_records": [{"trip_distance": 2.0}]},
        {"dataframe_split": {"columns": ["trip_distance"], "data": [[2.0]]}},
        {"instances": [{"trip_distance": 2.0}]},
        {"inputs": {"trip_distance": [2.0]}},
        {"inputs": [{"trip_distance": 2.0}]},
    ],
)
def test_every_form_of_a_request_is_read(request_body: dict[str, Any]) -> None:
    (found,) = read(json.dumps(request_body), '{"predictions": [1.5]}', TYPES, 0)
    assert (dict(found.values), found.prediction) == ({"trip_distance": 2.0}, (1.5,))


@pytest.mark.parametrize(
    ("request_body", "response", "classes", "told"),
    [
        ([], {"predictions": []}, 0, "the request is not a JSON object"),
        ({"inputs": [[1.0]]}, {"predictions": [1]}, 0, "no rows with names of columns"),
        ({"inputs": {"a": [1], "b": [1, 2]}}, {"predictions": [1]}, 0, "differ in length"),
        ({"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}, {"predictions": [1]}, 0, "as many values"),
        ({"instances": [{}]}, {}, 0, "no list of predictions"),
        ({"instances": [{}]}, {"predictions": ["high"]}, 0, "the prediction high is not a number"),
        ({"instances": [{}]}, {"predictions": [[1, 2]]}, 0, "is not a number"),
        ({"instances": [{}]}, {"predictions": [0.5]}, 2, "is not 2 numbers"),
        ({"instances": [{"trip_distance": "far"}]}, {"predictions": [1]}, 0, "trip_distance is 'far', not a double"),
        ({"instances": [{"pickup_zip": 1.5}]}, {"predictions": [1]}, 0, "pickup_zip is '1.5', not a int"),
        ({"instances": [{"tpep_pickup_datetime": "now"}]}, {"predictions": [1]}, 0, "not a timestamp"),
    ],
)
def test_what_cannot_be_read_says_why(request_body: object, response: object, classes: int, told: str) -> None:
    with pytest.raises(MalformedError, match=told.replace("(", r"\(")):
        read(json.dumps(request_body), json.dumps(response), TYPES, classes)
