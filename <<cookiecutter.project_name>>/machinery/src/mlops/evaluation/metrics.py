"""Metrics of predictions, as pure functions of arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
from sklearn import metrics as sk

from ..statistics import arrays

ProblemType = Literal["regression", "classification", "multiclass"]
Array = arrays.Array

# Metric -> whether greater is better.
METRICS: Mapping[str, Mapping[str, bool]] = {
    "regression": {"rmse": False, "mae": False, "r2": True},
    "classification": {"roc_auc": True, "log_loss": False, "accuracy": True, "f1": True},
    "multiclass": {"accuracy": True, "balanced_accuracy": True, "f1_macro": True, "log_loss": False, "roc_auc": True},
}
GREATER_IS_BETTER: Mapping[str, bool] = {name: up for group in METRICS.values() for name, up in group.items()}

# The smallest and the greatest value that a metric can have.
RANGES: Mapping[str, tuple[float, float]] = {
    "rmse": (0.0, math.inf),
    "mae": (0.0, math.inf),
    "r2": (-math.inf, 1.0),
    "roc_auc": (0.0, 1.0),
    "log_loss": (0.0, math.inf),
    "accuracy": (0.0, 1.0),
    "balanced_accuracy": (0.0, 1.0),
    "f1": (0.0, 1.0),
    "f1_macro": (0.0, 1.0),
}

DECISION_THRESHOLD = 0.5


def as_predictions(raw: object) -> Array:
    """Return the predictions of any model of the project: one column, or one for each of more than two classes.

    Args:
        raw: The output of the model's pyfunc: values, shape (n,) or (n, 1), or class probabilities, shape (n, classes).

    Returns:
        Shape (n,): the predicted value, or the probability of the positive class of two. Shape (n, classes): the
        probabilities of more than two classes.

    Raises:
        ValueError: The predictions have another shape.
    """
    values = np.asarray(raw, dtype=np.float64)
    if values.ndim == 1:
        return values
    if values.ndim == 2 and values.shape[1] > 0:  # noqa: PLR2004 - rows, and values or classes
        return values[:, -1] if values.shape[1] <= 2 else values  # noqa: PLR2004 - value, or negative and positive class
    raise ValueError(f"predictions have shape {values.shape}: expected one value or class probabilities per row")


def naive_baseline(label: Array) -> float:
    """Return the best constant prediction for squared error and log loss: the mean of the label, shape (n,)."""
    return float(np.mean(label))


def evaluate(problem_type: ProblemType, label: Array, prediction: Array) -> dict[str, float]:
    """Return all metrics of the problem type; those of more than two classes are in `multiclass`.

    Args:
        problem_type: Regression or classification.
        label: Shape (n,): values, or 0 and 1.
        prediction: Shape (n,): values in the label's unit, or probabilities of class 1.

    Raises:
        ValueError: There are no rows, the lengths differ, or a label or prediction is not finite.
    """
    if len(label) == 0 or label.shape != prediction.shape:
        raise ValueError(f"cannot evaluate {len(prediction)} predictions on {len(label)} labels")
    if not (np.isfinite(label).all() and np.isfinite(prediction).all()):
        raise ValueError("labels and predictions must be finite")
    return _regression(label, prediction) if problem_type == "regression" else _classification(label, prediction)


def _regression(label: Array, prediction: Array) -> dict[str, float]:
    return {
        "rmse": float(sk.root_mean_squared_error(label, prediction)),
        "mae": float(sk.mean_absolute_error(label, prediction)),
        "r2": float(sk.r2_score(label, prediction)),
    }


def _classification(label: Array, prediction: Array) -> dict[str, float]:
    if len(np.unique(label)) == 1:
        raise ValueError("all labels are of one class, so a classifier cannot be evaluated on them")
    decided = prediction >= DECISION_THRESHOLD
    return {
        "roc_auc": float(sk.roc_auc_score(label, prediction)),
        "log_loss": float(sk.log_loss(label, prediction, labels=[0, 1])),
        "accuracy": float(sk.accuracy_score(label, decided)),
        "f1": float(sk.f1_score(label, decided, zero_division=0.0)),
    }
