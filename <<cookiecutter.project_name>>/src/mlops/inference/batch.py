"""Batch inference: finds the rows without a prediction, and predicts them."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..feature_store.base import RESULT_TYPES, FeatureStore
from ..features.sources import Sources
from ..project import Project
from ..training import training_set


def unscored(project: Project, sources: Sources, predictions_table: str) -> DataFrame:
    """Return the rows to predict whose keys are not in the predictions table.

    Raises:
        ProjectError: A source is missing or lacks a column, or the predictions have another key.
    """
    tables, rows = sources.tables, training_set.spine(project, sources)
    if not tables.exists(predictions_table):
        return rows
    key, known = project.config.spine.key, tables.read(predictions_table)
    ours, theirs = dict(rows.dtypes)[key], dict(known.dtypes).get(key)
    if ours != theirs:
        raise ProjectError(
            f"table {predictions_table} has {f'the key {key} as {theirs}' if theirs else f'no column {key}'}, but "
            f"project.yml identifies rows by {key} ({ours}): it has predictions of an earlier version of the project. "
            "Give the variable predictions_table another name in databricks.yml; the old table is kept."
        )
    return rows.join(known.select(key), [key], "left_anti")


def score(settings: ProjectConfig, store: FeatureStore, model_uri: str, rows: DataFrame) -> DataFrame:
    """Return the request columns of the rows, their features, and a column `prediction`.

    That is a number, the probability of class 1 of two, or the most probable of more than two classes. The column
    `probabilities` then maps the text of each class to its probability: a map keeps the names of classes out of the
    names of columns, and is what Databricks' monitoring reads. The model itself returns an array in the order of
    `classes`, which is what an MLflow signature and a Spark UDF can carry.

    The model looks up its features itself, as of the event time.
    """
    scored = store.score_batch(model_uri, rows.select(*settings.request), RESULT_TYPES[settings.problem_type])
    if settings.problem_type == "classification":
        return scored.withColumn("prediction", F.element_at("prediction", -1))
    return _most_probable(settings, scored) if settings.problem_type == "multiclass" else scored


def _most_probable(settings: ProjectConfig, scored: DataFrame) -> DataFrame:
    """Return the rows with the most probable class as `prediction`, and the map `probabilities` of all classes."""
    classes = F.array(*[F.lit(one) for one in settings.classes])
    names = F.array(*[F.lit(str(one)) for one in settings.classes])
    best = F.array_position("prediction", F.array_max("prediction")).cast("int")
    chosen = {"probabilities": F.map_from_arrays(names, F.col("prediction")), "prediction": F.element_at(classes, best)}
    return scored.withColumns(chosen)
