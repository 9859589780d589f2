"""Reads from the tables of monitoring what the report shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mlops.config.load import ProjectConfig
from mlops.config.monitoring import QUALITY
from mlops.errors import ProjectError
from mlops.monitoring import log_columns
from mlops.sources.times import from_micros
from mlops.tables import Tables


@dataclass(frozen=True)
class Metrics:
    """What the report shows.

    Attributes:
        volume: The number of predictions, by window (index) and version (columns).
        quality: The quality of each version, by window and version.
        metric: What quality is measured by.
        drift: The drift of each input from the reference, by window and input.
        verdicts: The verdicts, newest first.
        rules: What each rule said in the last check.
        infrastructure: The last number of each measure of jobs and endpoint.
        newest: The newest event time, time of scoring, and time of a label in the log.
    """

    volume: pd.DataFrame
    quality: pd.DataFrame
    metric: str
    drift: pd.DataFrame
    verdicts: pd.DataFrame
    rules: pd.DataFrame
    infrastructure: pd.DataFrame
    newest: dict[str, str]


def read(tables: Tables, config: ProjectConfig, log_table: str, history_table: str) -> Metrics:
    """Return what the tables hold.

    Raises:
        ProjectError: Monitoring has not run yet.
    """
    spec = log_columns.spec(config, log_table, None, ())
    for name in (log_table, spec.profile_table, spec.drift_table, history_table):
        if not tables.exists(name):
            raise ProjectError(f"table {name} does not exist: run make lifecycle, or the job monitoring, first")
    metric = config.monitoring.quality_metric(config.problem_type, config.metric)
    of_all = F.col("slice_key").isNull() & (F.col("granularity") == config.monitoring.granularity)
    profile = tables.read(spec.profile_table).where(of_all & (F.col("column_name") == ":table"))
    profile = profile.where(F.col(spec.model_version) != "*")
    column = QUALITY[config.problem_type][metric]
    drift = tables.read(spec.drift_table).where(of_all & (F.col("drift_type") == "BASELINE"))
    drift = drift.where((F.col(spec.model_version) == "*") & (F.col("column_name") != config.label))
    history = _pandas(tables.read(history_table), "checked_at")
    last = history[history["check_id"].isin(history[history["kind"] == "verdict"].tail(1)["check_id"])]
    return Metrics(
        volume=_wide(profile, spec.model_version, F.col("count")),
        quality=_wide(profile, spec.model_version, F.col(column)),
        metric=metric,
        drift=_wide(drift, "column_name", F.coalesce("ks_test.statistic", "js_distance")),
        verdicts=history[history["kind"] == "verdict"].iloc[::-1],
        rules=last[last["kind"] == "rule"],
        infrastructure=history[history["kind"] == "infrastructure"].groupby("rule").tail(1),
        newest=_newest(tables.read(log_table), config),
    )


def _wide(rows: DataFrame, columns: str, value: Any) -> pd.DataFrame:  # noqa: ANN401 - a column of Spark
    """Return the values by window (index) and column, without columns that have none."""
    long_form = rows.select(F.unix_micros("window.start").alias("start"), columns, value.cast("double").alias("value"))
    frame = long_form.toPandas()
    frame.attrs.clear()
    frame["start"] = [from_micros(int(start)) for start in frame["start"]]
    return frame.pivot_table(index="start", columns=columns, values="value").dropna(axis=1, how="all")


def _pandas(rows: DataFrame, time: str) -> pd.DataFrame:
    """Return rows in the order of a time, which becomes a text."""
    frame = rows.withColumn("_order", F.unix_micros(time)).drop(time, "window_start").toPandas()
    frame.attrs.clear()
    frame = frame.sort_values("_order", kind="stable")
    frame[time] = [f"{from_micros(int(at)):%Y-%m-%d %H:%M}" for at in frame["_order"]]
    return frame


def _newest(log: DataFrame, config: ProjectConfig) -> dict[str, str]:
    times = {
        "newest event": config.spine.event_time,
        "newest prediction": log_columns.SCORED_AT,
        "newest label": log_columns.LABELLED_AT,
    }
    row = log.agg(*[F.max(F.unix_micros(column)).alias(name) for name, column in times.items()]).first()
    newest = {} if row is None else row.asDict()
    return {name: f"{from_micros(int(at)):%Y-%m-%d %H:%M}" for name, at in newest.items() if at is not None}
