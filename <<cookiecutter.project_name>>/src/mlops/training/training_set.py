"""The rows of a training run: the spine with features and label, split by time."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..feature_store.base import FeatureStore, TrainingSet
from ..features.on_demand import definitions
from ..project import Project
from ..tables import Tables
from . import class_numbers

log = logging.getLogger(__name__)

SPLITS = ("train", "validation", "holdout")


def spine(project: Project, source: DataFrame, source_name: str) -> DataFrame:
    """Return the rows to predict from `features.spine`, without those that have no event time to look up features at.

    Raises:
        ProjectError: The source lacks a column, or the spine lacks one that the configuration names.
    """
    config = project.config
    require_columns(source.columns, config.source.columns, f"source table {source_name}")
    rows = project.spine(source)
    require_columns(rows.columns, config.request, "the frame that features.spine returns")
    return rows.where(F.col(config.spine.event_time).isNotNull())


def build(project: Project, source: DataFrame, source_name: str, store: FeatureStore) -> TrainingSet:
    """Return the labelled rows with their point-in-time features and a column `split`.

    Returns:
        Rows with the columns of the request (including key and event time), the features, the weights if the
        configuration names a column, the label (a double; of more than two classes their numbers), and `split`: train,
        validation or holdout.

    Raises:
        ProjectError: A column is missing, an input of the model is not a double, no row has a label, or a split would
            be empty.
    """
    config = project.config
    rows = spine(project, source, source_name)
    weights = [name for name in (config.training.weight_column,) if name is not None]
    require_columns(rows.columns, [config.label, *weights], "the frame that features.spine returns")
    labelled = _labelled(config, class_numbers.numbered(config, rows))
    cuts = _cut_times(config, labelled, source_name)
    event_time = config.spine.event_time
    micros = F.unix_micros(F.col(event_time))
    split = F.when(micros < cuts[0], SPLITS[0]).when(micros < cuts[1], SPLITS[1]).otherwise(SPLITS[2])
    label = F.col(config.label).cast("double").alias(config.label)
    also = [name for name in weights if name not in config.request]
    spine_rows = labelled.select(*config.request, *also, label, split.alias("split"))
    functions = definitions(config.functions, project.functions)
    built = store.training_set(spine_rows, config.feature_set, functions, config.label)
    _require_doubles(config, built.rows)
    computed = [name for name in config.features if name not in config.request]
    return replace(built, rows=built.rows.select(*config.request, *computed, *also, config.label, "split"))


def write(tables: Tables, table: str, rows: DataFrame, run_id: str, keep_days: int) -> None:
    """Append the rows of a training run with its run ID, and delete the rows of runs older than `keep_days` days."""
    now = datetime.now(UTC)
    tables.append(table, rows.withColumns({"run_id": F.lit(run_id), "created_at": F.lit(now)}))
    tables.delete(table, f"created_at < TIMESTAMP '{now - timedelta(days=keep_days):%Y-%m-%d %H:%M:%S}+00:00'")


def read(tables: Tables, table: str, run_id: str, split: str) -> pd.DataFrame:
    """Return the rows of one training run and split, oldest first.

    Raises:
        ProjectError: The table does not exist or has no such rows.
    """
    rows = tables.read(table).where((F.col("run_id") == run_id) & (F.col("split") == split)).toPandas()
    if rows.empty:
        raise ProjectError(f"table {table} has no {split} rows of run {run_id}: run the training job again.")
    rows.attrs.clear()  # Spark Connect stores metrics of its plan there, which no file format can write
    return rows.sort_values(list(rows.columns[1::-1]), ignore_index=True)


def require_columns(present: Sequence[str], wanted: Iterable[str], where: str) -> None:
    """Raise ProjectError if one of the wanted columns is missing."""
    missing = [name for name in wanted if name not in present]
    if missing:
        raise ProjectError(f"{where} has no column {', '.join(missing)}: it has {', '.join(present)}.")


def _labelled(config: ProjectConfig, rows: DataFrame) -> DataFrame:
    """Return the rows with a label. NaN is no label either: no metric could be computed."""
    label = F.col(config.label)
    is_label = label.isNotNull() & ~F.isnan(label.cast("double"))
    counted = rows.select(F.count("*").alias("rows"), F.count(F.when(is_label, 1)).alias("labelled")).first()
    if counted is not None and counted["rows"] != counted["labelled"]:
        without = counted["rows"] - counted["labelled"]
        log.warning("%d of %d rows have no label (null or NaN) and are left out", without, counted["rows"])
    return rows.where(is_label)


def _require_doubles(config: ProjectConfig, rows: DataFrame) -> None:
    """Make sure that the model gets the same types in training and in serving, where nothing casts them."""
    others = [f"{name} ({kind})" for name, kind in rows.dtypes if name in config.features and kind != "double"]
    if others:
        raise ProjectError(
            f"the model's inputs must be doubles, but these are not: {', '.join(others)}. Cast them where they are "
            'computed, with .cast("double") in features.py or float() in functions.py.'
        )


def _cut_times(config: ProjectConfig, labelled: DataFrame, source_name: str) -> list[int]:
    """Return the times (in microseconds) at which the validation and holdout rows begin."""
    shares = [1 - config.split.validation - config.split.holdout, 1 - config.split.holdout]
    micros = F.unix_micros(F.col(config.spine.event_time))
    row = labelled.select(
        F.percentile(micros, shares).alias("cuts"), F.min(micros).alias("first"), F.count("*").alias("rows")
    ).first()
    if row is None or not row["rows"]:
        raise ProjectError(f"the label {config.label} is null in every row of {source_name}: training needs labels.")
    cuts = [round(cut) for cut in row["cuts"]]
    if not row["first"] < cuts[0] < cuts[1]:
        raise ProjectError(
            f"{source_name} has {row['rows']} labelled rows, which are too few, or have too few different times, "
            "to be split into train, validation and holdout by time: provide more rows."
        )
    return cuts
