from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pyspark.sql import functions as F

from bundle_tools.serving.delivery import COLUMNS, deliver
from bundle_tools.serving.state import State
from mlops_local.platform import LocalPlatform

AT = datetime(2026, 1, 5, 23, 59, 59, 999_999, tzinfo=UTC)


def row(request_id: str, **facts: object) -> dict[str, Any]:
    return {
        "databricks_request_id": request_id,
        "client_request_id": None,
        "request_time": 1_767_657_599_999_999,
        "status_code": 200,
        "sampling_fraction": 1.0,
        "execution_duration_ms": 12,
        "request": "{}",
        "response": None,
        "logging_error_codes": ["MAX_RESPONSE_SIZE_EXCEEDED"],
        "served_entity_id": "e1",
        "requester": "local",
        **facts,
    }


def state_with(folder: Path, table: str, *ids: str) -> State:
    state = State(folder)
    state.create()
    for one in ids:
        state.log(table, row(one))
    return state


def test_rows_are_delivered_once_with_the_columns_of_an_inference_table(
    platform: LocalPlatform, schema: str, tmp_path: Path
) -> None:
    table = f"{schema}.log_payload"
    state = state_with(tmp_path, table, "a", "b")
    assert [deliver(state, platform.spark, platform.tables) for _ in "ab"] == [2, 0]
    found = platform.tables.read(table)
    assert found.dtypes == [tuple(column.split()) for column in COLUMNS.split(", ")]
    first = found.orderBy("databricks_request_id").withColumn("micros", F.unix_micros("request_time")).collect()[0]
    assert (first.micros, first.request_date) == (1_767_657_599_999_999, date(2026, 1, 5))
    assert first.micros == (AT - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000
    assert (first.response, first.logging_error_codes) == (None, ["MAX_RESPONSE_SIZE_EXCEEDED"])


def test_a_delivery_that_was_interrupted_adds_no_row_twice(
    platform: LocalPlatform, schema: str, tmp_path: Path
) -> None:
    table = f"{schema}.log_payload"
    deliver(state_with(tmp_path / "one", table, "a"), platform.spark, platform.tables)
    deliver(state_with(tmp_path / "two", table, "a", "b"), platform.spark, platform.tables)
    assert sorted(row[0] for row in platform.tables.read(table).select("databricks_request_id").collect()) == ["a", "b"]


def test_the_gateway_that_never_ran_has_nothing_to_deliver(platform: LocalPlatform, tmp_path: Path) -> None:
    assert deliver(State(tmp_path / "none"), platform.spark, platform.tables) == 0
    assert State(tmp_path / "none").served_entities() == []
