"""Scores rows with a registered model: the one function behind batch and streaming inference."""

from __future__ import annotations

from datetime import UTC, datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..feature_store.base import RESULT_TYPES, FeatureStore
from .champion import Champion

_BINARY = ("0", "1")


def score(settings: ProjectConfig, store: FeatureStore, champion: Champion, rows: DataFrame, run: str) -> DataFrame:
    """Return the request columns of the rows, their features, the prediction, and who made it in which run.

    The model looks up its features itself, as of the event time; Spark's workers load it once and predict in Arrow
    batches. `prediction` is a number, the probability of class 1 of two, or the most probable of more than two classes;
    it is null if the model returned a value that is not finite. The column `probabilities` maps the text of each class
    to its probability: a map keeps the names of classes out of the names of columns, and is what Databricks' monitoring
    reads. The model itself returns an array in the order of `classes`, which is what an MLflow signature and a Spark
    UDF can carry.

    Args:
        settings: The configuration.
        store: The feature store.
        champion: The version that scores.
        rows: Rows with the columns of the request.
        run: Identifies the run that scores them.
    """
    raw = store.score_batch(champion.uri, rows.select(*settings.request), RESULT_TYPES[settings.problem_type])
    outputs = {"prediction": F.when(_is_finite(F.col("prediction")), F.col("prediction"))}
    if settings.problem_type != "regression":
        outputs = _outputs_of_classes(settings)
    return raw.withColumns(outputs).withColumns(
        {
            "model_name": F.lit(champion.name),
            "model_version": F.lit(champion.version),
            "scored_at": F.lit(datetime.now(UTC)),
            "scoring_run": F.lit(run),
        }
    )


def _outputs_of_classes(settings: ProjectConfig) -> dict[str, Column]:
    """Return the prediction, and the map of the probability of each class, from the array that the model returns."""
    array = F.col("prediction")
    names = F.array(*[F.lit(name) for name in ([str(label) for label in settings.classes] or _BINARY)])
    known = F.forall(array, _is_finite)
    chosen = F.element_at(array, -1)
    if settings.problem_type == "multiclass":
        best = F.array_position(array, F.array_max(array)).cast("int")
        chosen = F.element_at(F.array(*[F.lit(label) for label in settings.classes]), best)
    return {"probabilities": F.when(known, F.map_from_arrays(names, array)), "prediction": F.when(known, chosen)}


def _is_finite(value: Column) -> Column:
    return value.isNotNull() & ~F.isnan(value) & (F.abs(value) != float("inf"))
