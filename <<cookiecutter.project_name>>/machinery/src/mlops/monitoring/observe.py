"""Reads from the metric tables and the registry what the rules are applied to."""

from __future__ import annotations

from datetime import datetime

import mlflow
from mlflow.entities.model_registry import ModelVersion
from pyspark.sql import functions as F

from ..config.granularity import end
from ..config.load import ProjectConfig
from ..config.monitoring import QUALITY
from ..sources.times import from_micros, to_micros
from ..tables import Tables
from . import log_columns
from .readings import START, Readings, readings
from .scope import Scope
from .verdict import complete_windows

_MORE_WINDOWS = 2  # than the rules look at, in case the newest ones are incomplete
_LONG = ("quantiles", "frequent_items")  # columns of the profile that no rule needs


def scope(
    config: ProjectConfig,
    tables: Tables,
    log_table: str,
    champion: ModelVersion | None,
    until: datetime | None,
) -> Scope:
    """Return what rules are applied to: the last windows of the metric tables, and the champion's quality.

    Args:
        config: The project's configuration.
        tables: Reads the metric tables.
        log_table: The inference log.
        champion: The champion, if there is one.
        until: The time to check for; None if the newest window with rows is the first that is not complete.
    """
    settings = config.monitoring
    number = max((rule.of_last for rule in settings.rules.values()), default=1)
    newest = _readings(config, tables, log_table, until, number + _MORE_WINDOWS)
    metric = settings.quality_metric(config.problem_type, config.metric)
    return Scope(
        readings=newest,
        windows=complete_windows(newest, settings.granularity, until, number),
        columns=[*log_columns.inputs(config), log_columns.PREDICTION],
        label=config.label,
        champion="" if champion is None else str(champion.version),
        quality=QUALITY[config.problem_type][metric],
        reference=None if champion is None else _holdout_metric(str(champion.run_id), metric),
        greater_is_better=config.measures.greater_is_better(metric),
    )


def _holdout_metric(run_id: str, metric: str) -> float | None:
    """Return the metric of a training run on its held-out rows."""
    metrics: dict[str, float] = mlflow.get_run(run_id).data.metrics
    return metrics.get(f"holdout_{metric}")


def _readings(config: ProjectConfig, tables: Tables, log_table: str, until: datetime | None, windows: int) -> Readings:
    """Return the metrics of the newest windows with rows that start before a time, and of the reference."""
    spec = log_columns.spec(config, log_table, None, ())
    if not (tables.exists(spec.profile_table) and tables.exists(spec.drift_table)):
        return Readings()
    length = config.monitoring.granularity
    lengths = [length, f"{length}s"]  # both spellings mean the same
    start = F.unix_micros(F.col("window.start")).alias(START)
    profile = tables.read(spec.profile_table).select("*", start).drop("window", *_LONG)
    drift = tables.read(spec.drift_table).where(F.col("drift_type") == "BASELINE")
    drift = drift.select("*", start).drop("window", "window_cmp")
    of_length = F.col("granularity").isin(lengths)
    if until is not None:
        of_length &= F.col(START) < to_micros(until)
    newest = profile.where(of_length).agg(F.max(START)).first()
    if newest is None or newest[0] is None:
        return Readings()
    oldest = end(from_micros(newest[0]), length, -windows)
    recent = of_length & (F.col(START) >= to_micros(oldest))
    of_reference = F.col("log_type") == "BASELINE"
    return readings(
        [row.asDict(recursive=True) for row in profile.where(recent | of_reference).collect()],
        [row.asDict(recursive=True) for row in drift.where(recent).collect()],
        spec.model_version,
    )
