"""The confidence interval of a gain in any function of labels and predictions, computed anew on resampled rows.

The blocks that are drawn and the interval are those of `resampling`; only the time differs, because the function is
called twice for each resample.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .resampling import Interval, Resampling, class_weights, draws, interval, require_same_rows

Value = Callable[[Array, Array], float]
Rows = NDArray[np.intp]  # places of rows, with repetitions


def resampled_gain(
    value: Value, label: Array, pair: tuple[Array, Array], classes: Array | None, how: Resampling
) -> Interval:
    """Return how much greater a value of the challenger is than that of the incumbent on the same rows.

    Args:
        value: Computes the value from labels and predictions.
        label: Shape (rows,).
        pair: The predictions of the challenger and of the incumbent, one for each label.
        classes: Shape (rows,): the classes of the rows; None for regression.
        how: The resampling.

    Raises:
        ValueError: As `bootstrap.metric_gain`. A resample on which the value raises it is left out.
    """

    def gain(rows: Rows) -> float:
        return value(label[rows], pair[0][rows]) - value(label[rows], pair[1][rows])

    return _resampled(gain, [label, *pair], classes, how)


def resampled_value(value: Value, label: Array, prediction: Array, classes: Array | None, how: Resampling) -> Interval:
    """Return a value of one model, as the `gain` of the interval; the arguments are as in `resampled_gain`.

    Raises:
        ValueError: As `resampled_gain`.
    """
    return _resampled(lambda rows: value(label[rows], prediction[rows]), [label, prediction], classes, how)


def _resampled(
    value: Callable[[Rows], float], columns: list[Array], classes: Array | None, how: Resampling
) -> Interval:
    blocks = require_same_rows(columns, how)
    numbers = np.arange(len(columns[0]))
    found = [
        _defined(value, np.repeat(numbers, drawn[how.block]))
        for counts in draws(blocks, how.resamples, np.random.default_rng(how.seed))
        for drawn in counts.astype(np.intp)
    ]
    return interval(value(numbers), np.array(found), class_weights(classes, len(numbers)), how)


def _defined(value: Callable[[Rows], float], rows: Rows) -> float:
    """Return the value on resampled rows, or NaN if it has none."""
    try:
        return value(rows)
    except ValueError:
        return float("nan")
