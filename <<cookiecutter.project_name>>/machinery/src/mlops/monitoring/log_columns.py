"""The columns of the inference log, and what data profiling reads of them."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..profiling.base import ProfileSpec

LOG_ID = "log_id"
PREDICTION, PROBABILITIES = "prediction", "probabilities"
MODEL_NAME, MODEL_VERSION = "model_name", "model_version"
SCORED_AT, SCORING_RUN, LABELLED_AT = "scored_at", "scoring_run", "labelled_at"
ORIGIN, STATUS, LATENCY = "scored_by", "status_code", "latency_ms"
BATCH, ENDPOINT = "batch", "endpoint"
_THRESHOLD = 0.5  # of the probability of class 1, as in the metric accuracy


def inputs(config: ProjectConfig) -> list[str]:
    """Return the columns of the request and the features, without the key and the event time."""
    names = dict.fromkeys([*config.request, *config.features])
    return [name for name in names if name not in {config.spine.key, config.spine.event_time}]


def with_classes(config: ProjectConfig, scored: DataFrame) -> DataFrame:
    """Return rows of predictions in the form that data profiling reads.

    For regression nothing changes. For classes, `prediction` becomes the text of a class, and `probabilities` maps the
    text of each class to its probability.
    """
    if config.problem_type == "regression":
        return scored
    if config.problem_type == "multiclass":
        return scored.withColumn(PREDICTION, class_text(config, F.col(PREDICTION)))
    probability = F.col(PREDICTION).cast("double")
    chosen = F.when(probability >= _THRESHOLD, F.lit("1")).when(probability.isNotNull(), F.lit("0"))
    both = F.create_map(F.lit("0"), _nullable(F.lit(1.0) - probability), F.lit("1"), _nullable(probability))
    return scored.withColumns({PROBABILITIES: F.when(probability.isNotNull(), both), PREDICTION: chosen})


def from_shares(config: ProjectConfig, rows: DataFrame, shares: str) -> DataFrame:
    """Return rows with PREDICTION, and PROBABILITIES for classes, from a column with the output of the model.

    That is an array with a number, or with the probability of each class, in the order of the configuration.
    """
    if config.problem_type != "multiclass":
        return with_classes(config, rows.withColumn(PREDICTION, F.element_at(shares, -1)))
    names = F.array(*[F.lit(str(label)) for label in config.classes])
    best = F.array_position(shares, F.array_max(shares)).cast("int")
    return rows.withColumns(
        {PREDICTION: F.element_at(names, best), PROBABILITIES: F.map_from_arrays(names, F.col(shares))}
    )


def _nullable(number: Column) -> Column:
    """Return a number that may be null: pysail tells a map of such numbers apart from one of others."""
    return F.when(~F.isnan(number), number)


def label_value(config: ProjectConfig, column: Column) -> Column:
    """Return a label as the log has it: a number for regression, otherwise the text of a class; NaN is no label."""
    if config.problem_type == "regression":
        number = column.cast("double")
        return F.when(~F.isnan(number), number)
    if config.problem_type == "classification":
        number = column.cast("double")
        return F.when(~F.isnan(number), number.cast("int").cast("string"))
    return class_text(config, column)


def class_text(config: ProjectConfig, column: Column) -> Column:
    """Return the text of a class of more than two: whole numbers without a decimal point."""
    if not all(isinstance(label, int) for label in config.classes):
        return column.cast("string")
    number = column.cast("double")
    return F.when(~F.isnan(number), number.cast("bigint").cast("string"))


def model_columns(config: ProjectConfig, columns: Sequence[str]) -> list[str]:
    """Return the columns that monitoring profiles, among those of the log: inputs, features, prediction and label."""
    return [name for name in [*inputs(config), PREDICTION, config.label] if name in columns]


def spec(config: ProjectConfig, log_table: str, reference_table: str | None, columns: Sequence[str]) -> ProfileSpec:
    """Return what is profiled of an inference log with these columns."""
    return ProfileSpec(
        table=log_table,
        reference=reference_table,
        problem_type=config.problem_type,
        key=LOG_ID,
        timestamp=config.spine.event_time,
        prediction=PREDICTION,
        probabilities=None if config.problem_type == "regression" else PROBABILITIES,
        label=config.label,
        model_version=MODEL_VERSION,
        columns=tuple(model_columns(config, columns)),
        granularities=config.monitoring.granularities,
        slices=config.monitoring.slices,
        metrics=config.monitoring.metrics,
    )
