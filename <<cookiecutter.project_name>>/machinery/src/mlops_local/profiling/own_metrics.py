"""The project's own metrics of a window: SQL aggregates, as data profiling's custom metrics of the whole table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mlops.config.granularity import parts
from mlops.errors import ProjectError, first_line
from mlops.profiling.base import TABLE, ProfileSpec
from mlops.sources.times import from_micros

from .metric_rows import ALL_MODELS, Row

_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400}
_MONDAY = 4 * 86_400_000_000


def add_own_metrics(spec: ProfileSpec, log: DataFrame, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows of the profile table, those of the whole table with the project's own metrics.

    Raises:
        ProjectError: A metric is not an SQL aggregate over columns of the log.
    """
    try:
        known = _compute(spec, log)
    except PySparkException as error:
        raise ProjectError(
            f"monitoring.metrics cannot be computed on table {spec.table}: {first_line(error)}; each must be an SQL "
            "aggregate such as avg(prediction - label)."
        ) from None
    yield from ({**row, **known.get(_place(spec, row), {})} for row in rows)


def _compute(spec: ProfileSpec, log: DataFrame) -> dict[tuple[Any, ...], Row]:
    by = ("_start", "_value", "_model")
    metrics: dict[tuple[Any, ...], Row] = {}
    aggregates = [F.expr(sql).cast("double").alias(name) for name, sql in spec.metrics.items()]
    for granularity in spec.granularities:
        for key in (None, *spec.slices):
            value = F.lit(None).cast("string") if key is None else F.expr(key).cast("string")
            rows = log.withColumns({"_start": F.expr(_start(spec.timestamp, granularity)), "_value": value})
            for model in (F.col(spec.model_version), F.lit(ALL_MODELS)):
                grouped = rows.withColumn("_model", model).groupBy(*map(F.col, by)).agg(*aggregates)
                for row in grouped.collect():
                    if row["_start"] is not None and (key is None or row["_value"] is not None):
                        place = (from_micros(row["_start"]), granularity, key, row["_value"], row["_model"])
                        metrics[place] = {name: row[name] for name in spec.metrics}
    return metrics


def _place(spec: ProfileSpec, row: Row) -> tuple[Any, ...]:
    if row["column_name"] != TABLE or row["window"] is None or row["log_type"] != "INPUT":
        return ()
    window = row["window"]["start"]
    return (window, row["granularity"], row["slice_key"], row["slice_value"], row[spec.model_version])


def _start(timestamp: str, granularity: str) -> str:
    """Return an SQL expression for the start of the window of a row, in microseconds, as `windows.starts`."""
    number, unit = parts(granularity)
    if unit in {"month", "year"}:
        return f"unix_micros(date_trunc('{unit}', `{timestamp}`))"
    length, offset = number * _SECONDS[unit] * 1_000_000, _MONDAY if unit == "week" else 0
    return f"unix_micros(`{timestamp}`) - pmod(unix_micros(`{timestamp}`) - {offset}, {length})"
