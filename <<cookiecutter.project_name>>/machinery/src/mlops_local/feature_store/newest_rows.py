"""Reads the newest row of each key of a feature table, as an online store has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from mlops.config.features import FeatureTable

from .online_store import TYPES, Row

_NUMBER = "__number"


def newest_rows(frame: DataFrame, table: FeatureTable) -> tuple[dict[str, str], Iterator[Row]]:
    """Return the Spark types of the columns that can be published, and the newest row of each key as SQLite stores it.

    Args:
        frame: The feature table.
        table: Its keys and its event time.
    """
    types = {name: kind for name, kind in frame.dtypes if kind in TYPES}
    rows = frame.select(*types)
    if table.event_time is not None:
        latest = Window.partitionBy(*table.keys).orderBy(F.col(table.event_time).desc())
        rows = rows.withColumn(_NUMBER, F.row_number().over(latest)).where(F.col(_NUMBER) == 1).select(*types)
    return types, _encode(rows.toArrow(), types)


def _encode(rows: pa.Table, types: dict[str, str]) -> Iterator[Row]:
    for batch in rows.to_batches():
        columns = [_values(batch.column(name), kind) for name, kind in types.items()]
        yield from zip(*columns, strict=True)


def _values(column: pa.Array, kind: str) -> list[Any]:
    if kind == "timestamp":
        column = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    if kind == "date":
        column = column.cast(pa.int32())
    values: list[Any] = column.to_pylist()
    return values
