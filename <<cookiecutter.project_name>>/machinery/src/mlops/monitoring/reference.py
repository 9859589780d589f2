"""The reference: validation and held-out rows of the champion, with its predictions; windows are compared with it."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..loading import predict
from ..registry import Registry, uri
from ..tables import Tables
from ..training import training_set
from .log_columns import LOG_ID, MODEL_VERSION, from_shares, inputs, label_value

log = logging.getLogger(__name__)

SPLITS = ("validation", "holdout")  # newer than the rows that the model was fitted to, so its predictions are honest
_MOST_ROWS = 100_000
_SEED = 20160101


def write_reference(config: ProjectConfig, tables: Tables, registry: Registry, training_table: str, name: str) -> str:
    """Write the reference rows of the champion, unless it is there already; return the champion's version.

    If the training table no longer has the champion's rows, the reference is empty.

    Raises:
        ProjectError: There is no champion.
    """
    champion = registry.champion()
    if champion is None:
        raise ProjectError(f"model {registry.name} has no champion yet: run the training job first.")
    version = str(champion.version)
    if not _is_of(tables, name, version):
        rows = _rows(config, tables, registry, champion, training_table)
        if rows is None:
            log.warning("table %s no longer has the rows of version %s: there is no reference", training_table, version)
            if tables.exists(name):
                tables.delete(name, "TRUE")
            return version
        tables.overwrite(name, rows)
        log.info("the reference %s has rows of version %s", name, version)
    return version


def like_log(reference: DataFrame, log_rows: DataFrame) -> DataFrame:
    """Return the reference with the types of the log, for the columns that both have."""
    kinds = {field.name: field.dataType for field in log_rows.schema.fields}
    return reference.select(
        *[F.col(name).cast(kinds[name]).alias(name) if name in kinds else F.col(name) for name in reference.columns]
    )


def _is_of(tables: Tables, name: str, version: str) -> bool:
    if not tables.exists(name):
        return False
    row = tables.read(name).select(MODEL_VERSION).first()
    return row is not None and str(row[0]) == version


def _rows(
    config: ProjectConfig, tables: Tables, registry: Registry, champion: ModelVersion, training_table: str
) -> DataFrame | None:
    held_out = _held_out(tables, training_table, str(champion.run_id))
    if held_out is None:
        return None
    predicted = predict(uri(registry.name, str(champion.version)), held_out[list(config.features)])
    version = str(champion.version)
    key, event_time = config.spine.key, config.spine.event_time
    kept = [key, event_time, *(name for name in inputs(config) if name in held_out.columns), config.label]
    rows = held_out[kept].assign(**{f"_p{i}": column for i, column in enumerate(np.atleast_2d(predicted.T))})
    outputs = [name for name in rows.columns if name not in kept]
    frame = tables.spark.createDataFrame(rows).withColumn("_shares", F.array(*outputs))
    frame = from_shares(config, frame, "_shares")
    label = label_value(config, F.col(config.label))
    if config.problem_type == "multiclass":  # the training table has the numbers of classes
        names = F.array(*[F.lit(str(label_class)) for label_class in config.classes])
        label = F.element_at(names, (F.col(config.label) + 1).cast("int"))
    frame = frame.withColumns(
        {
            config.label: label,
            MODEL_VERSION: F.lit(version),
            LOG_ID: F.concat_ws(":", F.lit("baseline"), F.col(key).cast("string")),
        }
    )
    return frame.drop("_shares", *outputs)


def _held_out(tables: Tables, training_table: str, run_id: str) -> pd.DataFrame | None:
    """Return the held-out rows of a training run, at most _MOST_ROWS; None if the table no longer has them."""
    try:
        parts = training_set.read_splits(tables, training_table, run_id, SPLITS)
    except ProjectError:
        return None
    rows = pd.concat(parts.values(), ignore_index=True)
    return rows.sample(_MOST_ROWS, random_state=_SEED) if len(rows) > _MOST_ROWS else rows
