"""The rows of a training run: the spine with features and label, split by time."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..feature_store.base import FeatureStore, TrainingSet
from ..features.computation import numbers_as_doubles
from ..features.on_demand import definitions
from ..project import Project
from ..sources.sources import Sources
from ..tables import Tables
from . import class_numbers
from .model_inputs import KINDS, Kind

log = logging.getLogger(__name__)

SPLITS = ("train", "validation", "holdout")
# The types in which the training table holds the inputs of the model.
_STORED: Mapping[Kind, str] = {"number": "double", "text": "string", "time": "timestamp"}


def spine(project: Project, sources: Sources) -> DataFrame:
    """Return the rows to predict from `features.spine`, without those that have no event time to look up features at.

    Raises:
        ProjectError: As `rows_to_predict`.
    """
    frames = {name: sources.frame(name) for name in project.config.spine_sources}
    rows = rows_to_predict(project, frames, sources.names)
    return rows.where(F.col(project.config.spine.event_time).isNotNull())


def rows_to_predict(project: Project, frames: Mapping[str, DataFrame], tables: Mapping[str, str]) -> DataFrame:
    """Return the rows that `features.spine` makes of these rows of its sources, numbers as models get them.

    Args:
        project: The project.
        frames: The rows of each source that the function takes.
        tables: The three-level name of the table of each source.

    Raises:
        ProjectError: A source lacks a column, or the spine lacks one that the configuration names.
    """
    config = project.config
    for name in config.spine_sources:
        require_columns(frames[name].columns, config.sources[name].columns, f"source table {tables[name]}")
    rows = project.spine(*[frames[name] for name in config.spine_sources])
    require_columns(rows.columns, config.request, "the frame that features.spine returns")
    require_time(rows, config.spine.event_time, "the frame that features.spine returns")
    return numbers_as_doubles(rows, [name for name in config.spine.inputs if name not in config.fixed_types])


def build(project: Project, sources: Sources, store: FeatureStore) -> TrainingSet:
    """Return the labelled rows with their point-in-time features and a column `split`.

    Returns:
        Rows with the columns of the request (including key and event time), the features in the types in which the
        model gets them (see `model_inputs`), the weights if the configuration names a column, the label (a double; of
        more than two classes their numbers), and `split`: train, validation or holdout.

    Raises:
        ProjectError: A column is missing, an input has a type that no model gets, no row has a label, or a split would
            be empty.
    """
    config = project.config
    rows = spine(project, sources)
    weights = [name for name in (config.training.weight_column,) if name is not None]
    require_columns(rows.columns, [config.label, *weights], "the frame that features.spine returns")
    labelled, cuts, size = _labelled(config, class_numbers.with_class_numbers(config, rows))
    event_time = config.spine.event_time
    micros = F.unix_micros(F.col(event_time))
    split = F.when(micros < cuts[0], SPLITS[0]).when(micros < cuts[1], SPLITS[1]).otherwise(SPLITS[2])
    label = F.col(config.label).cast("double").alias(config.label)
    also = [name for name in weights if name not in config.request]
    spine_rows = labelled.select(*config.request, *also, label, split.alias("split"))
    functions = definitions(config.functions, project.functions, config.lookup_keys)
    built = store.training_set(spine_rows, config.feature_set, functions, config.label)
    kinds = dict(built.rows.dtypes)
    types = _input_types(config, kinds)
    others = [name for name in config.request if name not in types]
    inputs = [F.col(name).cast(_STORED[KINDS[kind]]).alias(name) for name, kind in types.items()]
    also = [name for name in also if name not in types]
    rows = built.rows.select(*others, *inputs, *also, config.label, "split")
    columns = {**kinds, **{name: _STORED[KINDS[kind]] for name, kind in types.items()}}
    names = (*others, *types, *also, config.label, "split")
    return replace(built, rows=rows, types=types, columns={name: columns[name] for name in names}, size=size)


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
    return read_splits(tables, table, run_id, [split])[split]


def read_splits(tables: Tables, table: str, run_id: str, splits: Sequence[str] = SPLITS) -> dict[str, pd.DataFrame]:
    """Return the rows of one training run by their split, oldest first, in one request.

    Raises:
        ProjectError: The table does not exist or has no rows of one of the splits.
    """
    rows = tables.read(table).where((F.col("run_id") == run_id) & F.col("split").isin(*splits)).toPandas()
    rows.attrs.clear()  # Spark Connect stores metrics of its plan there, which no file format can write
    if missing := [split for split in splits if not (rows["split"] == split).any()]:
        raise ProjectError(
            f"table {table} has no {' or '.join(missing)} rows of run {run_id}: run the training job again."
        )
    rows = rows.sort_values(list(rows.columns[1::-1]), ignore_index=True)
    return {split: rows[rows["split"] == split].reset_index(drop=True) for split in splits}


def require_time(frame: DataFrame, column: str, where: str) -> None:
    """Raise ProjectError if the event time is not a timestamp, whose instant does not depend on a time zone."""
    kind = dict(frame.dtypes)[column]
    if kind != "timestamp":
        raise ProjectError(
            f"{where} has the event time {column} as {kind}, not as timestamp: convert it in features.py, and say at "
            "what time of the day, and in which time zone, a row is known."
        )


def require_columns(present: Sequence[str], wanted: Iterable[str], where: str) -> None:
    """Raise ProjectError if one of the wanted columns is missing."""
    missing = [name for name in wanted if name not in present]
    if missing:
        raise ProjectError(f"{where} has no column {', '.join(missing)}: it has {', '.join(present)}.")


def _labelled(config: ProjectConfig, rows: DataFrame) -> tuple[DataFrame, list[int], int]:
    """Return the rows with a label, the times (microseconds) at which validation and holdout begin, and their number.

    NaN is no label either: no metric could be computed.
    """
    label = F.col(config.label)
    is_label = label.isNotNull() & ~F.isnan(label.cast("double"))
    shares = [1 - config.split.validation - config.split.holdout, 1 - config.split.holdout]
    micros = F.when(is_label, F.unix_micros(F.col(config.spine.event_time)))
    (counted,) = rows.select(
        F.count("*").alias("rows"),
        F.count(F.when(is_label, label)).alias("labelled"),
        F.percentile(micros, shares).alias("cuts"),
        F.min(micros).alias("first"),
    ).collect()
    if counted["rows"] != counted["labelled"]:
        without = counted["rows"] - counted["labelled"]
        log.warning("%d of %d rows have no label (null or NaN) and are left out", without, counted["rows"])
    return rows.where(is_label), _cut_times(config, counted), counted["labelled"]


def _input_types(config: ProjectConfig, kinds: Mapping[str, str]) -> dict[str, str]:
    """Return the Spark types of the model's inputs, in order, which must be types that a model can get."""
    types = {name: kinds[name] for name in config.features}
    others = [f"{name} ({kind})" for name, kind in types.items() if kind not in KINDS]
    if others:
        raise ProjectError(
            f"a model cannot get inputs of these types: {', '.join(others)}. Cast them where they are computed, also "
            f"in a table of another project, to one of {', '.join(KINDS)}."
        )
    both = [
        f"{name} ({kind})"
        for name, kind in types.items()
        if name in config.spine.inputs and name in config.fixed_types and _STORED[KINDS[kind]] != kind
    ]
    if both:
        raise ProjectError(
            f"inputs of the model that are also lookup keys or arguments of functions must be double, string or "
            f"timestamp, but these are not: {', '.join(both)}. Let features.spine return a copy under another name as "
            "the input."
        )
    return types


def _cut_times(config: ProjectConfig, counted: Row) -> list[int]:
    if not counted["labelled"]:
        raise ProjectError(f"the label {config.label} is null in every row of the spine: training needs labels.")
    cuts = [round(cut) for cut in counted["cuts"]]
    if not counted["first"] < cuts[0] < cuts[1]:
        raise ProjectError(
            f"the spine has {counted['labelled']} labelled rows, which are too few, or have too few different times, "
            "to be split into train, validation and holdout by time: provide more rows."
        )
    return cuts
