"""Metrics as functions of means over rows, such as the mean squared error, so that they can be resampled quickly.

The area under the curve is computed from its placement values (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.stats import rankdata

from ..statistics.bootstrap import Value
from .metrics import DECISION_THRESHOLD, Array

Columns = Callable[[Array, Array], list[Array]]


def _log_losses(label: Array, prediction: Array) -> list[Array]:
    tiny = np.finfo(np.float64).eps
    chance = np.clip(prediction, tiny, 1 - tiny)
    return [-np.log(np.where(label > 0, chance, 1 - chance))]


def _decisions(label: Array, prediction: Array) -> list[Array]:
    """Return true positives, false positives and false negatives."""
    decided, positive = prediction >= DECISION_THRESHOLD, label > 0
    return [
        np.asarray(column, dtype=np.float64)
        for column in (decided & positive, decided & ~positive, ~decided & positive)
    ]


def placements(label: Array, prediction: Array) -> list[Array]:
    """Return columns of the area under the curve: for each class, the share of the other that a row is ranked right to.

    Raises:
        ValueError: All labels are of one class.
    """
    positive = label > 0
    count, others = int(positive.sum()), int((~positive).sum())
    if not (count and others):
        raise ValueError("all labels are of one class, so a classifier cannot be evaluated on them")
    ranks = rankdata(prediction)
    placed = np.zeros(len(label))
    placed[positive] = (ranks[positive] - rankdata(prediction[positive])) / others
    placed[~positive] = 1 - (ranks[~positive] - rankdata(prediction[~positive])) / count
    area = np.full(len(label), placed[positive].mean())
    return [placed * positive, positive.astype(np.float64), placed * ~positive, (~positive).astype(np.float64), area]


def ratio(above: Array, below: Array) -> Array:
    """Return the quotient; what is divided by 0 is NaN or infinite, without a warning."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(above / below)


# The columns of a metric, given label and prediction, and its value, given their means, shape (resamples, columns).
AS_MEANS: Mapping[str, tuple[Columns, Value]] = {
    "rmse": (lambda label, prediction: [(label - prediction) ** 2], lambda means: np.sqrt(means[:, 0])),
    "mae": (lambda label, prediction: [np.abs(label - prediction)], lambda means: means[:, 0]),
    "r2": (
        lambda label, prediction: [(label - prediction) ** 2, label, label**2],
        lambda means: 1 - ratio(means[:, 0], means[:, 2] - means[:, 1] ** 2),
    ),
    "log_loss": (_log_losses, lambda means: means[:, 0]),
    "accuracy": (
        lambda label, prediction: [((prediction >= DECISION_THRESHOLD) == (label > 0)).astype(np.float64)],
        lambda means: means[:, 0],
    ),
    # Without any predicted or true positives, F1 is 0, as in scikit-learn with zero_division=0.
    "f1": (
        _decisions,
        lambda means: np.nan_to_num(ratio(2 * means[:, 0], 2 * means[:, 0] + means[:, 1] + means[:, 2])),
    ),
    "roc_auc": (
        placements,
        lambda means: ratio(means[:, 0], means[:, 1]) + ratio(means[:, 2], means[:, 3]) - means[:, 4],
    ),
}
