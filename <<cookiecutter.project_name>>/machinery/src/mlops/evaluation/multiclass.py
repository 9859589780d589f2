"""Metrics of more than two classes, from class numbers and the probability of each class.

Averages over classes are over those that the labels contain, so that a slice without a class can be evaluated. The
area under the curve is the average of those of each class against all others, as that of scikit-learn with
`multi_class="ovr", average="macro"`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ..statistics.bootstrap import Value
from .metrics import Array
from .row_means import placements, ratio

Columns = Callable[[Array, Array], list[Array]]


def evaluate_classes(label: Array, prediction: Array) -> dict[str, float]:
    """Return the metrics of class numbers, shape (n,), from 0, and probabilities, shape (n, classes).

    Raises:
        ValueError: The shapes do not fit, or all labels are of one class.
    """
    if prediction.ndim != 2 or label.min() < 0 or label.max() >= prediction.shape[1]:  # noqa: PLR2004 - rows, classes
        raise ValueError(f"predictions of shape {prediction.shape} are not probabilities of each of the classes")
    if len(np.unique(label)) == 1:
        raise ValueError("all labels are of one class, so a classifier cannot be evaluated on them")
    values = {}
    for name, (columns, value) in AS_CLASS_MEANS.items():
        means = np.array([[column.mean() for column in columns(label, prediction)]])
        values[name] = float(value(means)[0])
    return values


def _is(label: Array) -> list[Array]:
    """Return whether each row is of each of the classes that the labels contain, shape (n,) each."""
    return [np.asarray(label == number, dtype=np.float64) for number in np.unique(label)]


def _log_losses(label: Array, prediction: Array) -> list[Array]:
    tiny = np.finfo(np.float64).eps
    right = prediction[np.arange(len(label)), label.astype(np.intp)] / prediction.sum(axis=1)
    return [-np.log(np.clip(right, tiny, 1.0))]


def _hits(label: Array, prediction: Array) -> Array:
    return np.asarray(prediction.argmax(axis=1) == label, dtype=np.float64)


def _recalls(label: Array, prediction: Array) -> list[Array]:
    """Return for each class its rows that are recognised, and its rows."""
    return [column for rows in _is(label) for column in (rows * _hits(label, prediction), rows)]


def _decisions(label: Array, prediction: Array) -> list[Array]:
    """Return for each class its rows that are recognised, its rows, and the rows that are taken for it."""
    chosen, hits = prediction.argmax(axis=1), _hits(label, prediction)
    columns: list[Array] = []
    for number in np.unique(label):
        rows = np.asarray(label == number, dtype=np.float64)
        columns += [rows * hits, rows, np.asarray(chosen == number, dtype=np.float64)]
    return columns


def _areas(label: Array, prediction: Array) -> list[Array]:
    """Return the columns of `row_means.placements` for each class against all others."""
    classes = np.unique(label)
    return [
        column
        for number in classes
        for column in placements(np.asarray(label == number, dtype=np.float64), prediction[:, int(number)])
    ]


def _mean_over_classes(of_class: Value, width: int) -> Value:
    """Return the mean of a value over classes, each with its own columns, given means, shape (resamples, columns)."""
    return lambda means: np.mean(
        [of_class(means[:, start : start + width]) for start in range(0, means.shape[1], width)], axis=0
    )


def _area(means: Array) -> Array:
    return ratio(means[:, 0], means[:, 1]) + ratio(means[:, 2], means[:, 3]) - means[:, 4]


# As `row_means.AS_MEANS`.
AS_CLASS_MEANS: Mapping[str, tuple[Columns, Value]] = {
    "accuracy": (lambda label, prediction: [_hits(label, prediction)], lambda means: means[:, 0]),
    "balanced_accuracy": (_recalls, _mean_over_classes(lambda means: ratio(means[:, 0], means[:, 1]), 2)),
    "f1_macro": (
        _decisions,
        _mean_over_classes(lambda means: np.nan_to_num(ratio(2 * means[:, 0], means[:, 1] + means[:, 2])), 3),
    ),
    "log_loss": (_log_losses, lambda means: means[:, 0]),
    "roc_auc": (_areas, _mean_over_classes(_area, 5)),
}
