"""Checks the SQL expressions of monitoring against the columns that the inference log will have."""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..errors import first_line
from ..tables import frame_of
from .inputs import Types

_SHOWN = 200  # characters of an error: parsers list all words that they know


def problems(config: ProjectConfig, types: Types, spark: SparkSession) -> Iterator[str]:
    """Yield what is wrong with slices and metrics, a sentence each. Spark only resolves their columns."""
    settings = config.monitoring
    if not (settings.slices or settings.metrics):
        return
    rows = _empty(config, types, spark)
    for slice_ in settings.slices:
        yield from _problems_of(f"monitoring.slices: {slice_!r}", rows, slice_, aggregated=False)
    for name, sql in settings.metrics.items():
        yield from _problems_of(f"monitoring.metrics.{name}: {sql!r}", rows, sql, aggregated=True)


def _empty(config: ProjectConfig, types: Types, spark: SparkSession) -> DataFrame:
    names = [name for name in dict.fromkeys([*config.request, *config.features]) if name in types]
    kind = "double" if config.problem_type == "regression" else "string"
    columns = {name: types[name] for name in names} | {
        "prediction": kind,
        config.label: kind,
        "model_version": "string",
    }
    return frame_of(spark, [], columns)


def _problems_of(where: str, rows: DataFrame, sql: str, *, aggregated: bool) -> Iterator[str]:
    try:
        tried = rows.agg(F.expr(sql).alias("tried")) if aggregated else rows.select(F.expr(sql).alias("tried"))
        (kind,) = (kind for _, kind in tried.dtypes)
    except PySparkException as error:
        kind = "aggregate" if aggregated else "expression"
        yield f"{where} is not an SQL {kind} over columns of the inference log: {first_line(error)[:_SHOWN]}"
        return
    if aggregated and kind.partition("(")[0] not in {"double", "float", "int", "bigint", "decimal"}:
        yield f"{where} is {kind}, not a number: use an aggregate that is a number"
