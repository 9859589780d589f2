"""The loss of a prediction: the smaller, the better; one number for each row with a label."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from ...config.load import ProjectConfig
from ...monitoring.log_columns import PREDICTION, PROBABILITIES

SQUARED, ABSOLUTE, LOG, WRONG = "squared error", "absolute error", "log loss", "wrong class"

# Metrics that are, or follow from, the mean of a loss over rows.
_OF_METRIC: Mapping[str, str] = {"rmse": SQUARED, "r2": SQUARED, "mae": ABSOLUTE, "log_loss": LOG, "accuracy": WRONG}
_TINY = 2.220446049250313e-16  # as in the metric log_loss


def loss_name(config: ProjectConfig) -> str:
    """Return which loss is compared: the one that the project's metric is a mean of.

    Metrics that are no mean over rows, such as the area under the curve, and metrics of your own have none. Then it is
    the squared error for regression, and the log loss for classes.
    """
    return _OF_METRIC.get(config.metric, SQUARED if config.problem_type == "regression" else LOG)


def loss(config: ProjectConfig) -> Column:
    """Return the loss of a row of the inference log; null without a label."""
    label, name = F.col(f"`{config.label}`"), loss_name(config)
    if name == SQUARED:
        return F.pow(F.col(PREDICTION) - label, F.lit(2.0))
    if name == ABSOLUTE:
        return F.abs(F.col(PREDICTION) - label)
    if name == WRONG:
        return F.when(label.isNotNull(), (F.col(PREDICTION) != label).cast("double"))
    chance = F.coalesce(F.element_at(PROBABILITIES, label), F.lit(0.0))
    return F.when(label.isNotNull(), -F.log(F.least(F.lit(1.0), F.greatest(F.lit(_TINY), chance))))
