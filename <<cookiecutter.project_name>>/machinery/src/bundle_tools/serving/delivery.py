"""Delivers the requests that the gateway has kept to their payload tables, as Databricks does within the hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pyspark.sql import SparkSession

from mlops.sources.times import EPOCH
from mlops.tables import Tables

from .state import State

# The columns of an AI Gateway inference table: https://docs.databricks.com/ai-gateway/inference-tables-serving-endpoints
COLUMNS = (
    "request_date date, databricks_request_id string, client_request_id string, request_time timestamp, "
    "status_code int, sampling_fraction double, execution_duration_ms bigint, request string, response string, "
    "logging_error_codes array<string>, served_entity_id string, requester string"
)
_NAMES = [column.split()[0] for column in COLUMNS.split(", ")]


def deliver(state: State, spark: SparkSession, tables: Tables) -> int:
    """Add the rows that were not delivered yet to their tables, each once; return their number.

    Rows are forgotten once they are in their table. A delivery that is interrupted between the two is repeated, and
    finds the rows by their request id.
    """
    undelivered = state.undelivered_rows()
    for table, rows in undelivered.items():
        tables.create_schema(table.rpartition(".")[0])
        frame = spark.createDataFrame([_values(row) for _, row in rows], COLUMNS)
        tables.merge(table, frame, ["databricks_request_id"], update=False)
        state.delivered([number for number, _ in rows])
    return sum(map(len, undelivered.values()))


def _values(row: Mapping[str, Any]) -> tuple[Any, ...]:
    time = EPOCH + timedelta(microseconds=row["request_time"])
    facts = {**row, "request_time": time, "request_date": time.date()}
    return tuple(facts[name] for name in _NAMES)
