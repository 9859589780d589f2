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
    value: Value, label: Array, pair: tuple[Array, Array], classes: Array | None, resampling: Resampling
) -> Interval:
    """Return how much greater a value of the challenger is than that of the incumbent on the same rows.

    Args:
        value: Computes the value from labels and predictions.
        label: Shape (rows,).
        pair: The predictions of the challenger and of the incumbent, one for each label.
        classes: Shape (rows,): the classes of the rows; None for regression.
        resampling: The resampling.

    Raises:
        ValueError: As `bootstrap.metric_gain`. A resample on which the value raises it is left out.
    """

    def gain(rows: Rows) -> float:
        return value(label[rows], pair[0][rows]) - value(label[rows], pair[1][rows])

    return _interval_of(gain, [label, *pair], classes, resampling)


def resampled_value(
    value: Value, label: Array, prediction: Array, classes: Array | None, resampling: Resampling
) -> Interval:
    """Return a value of one model, as the `gain` of the interval; the arguments are as in `resampled_gain`.

    Raises:
        ValueError: As `resampled_gain`.
    """
    return _interval_of(lambda rows: value(label[rows], prediction[rows]), [label, prediction], classes, resampling)


def _interval_of(
    value: Callable[[Rows], float], columns: list[Array], classes: Array | None, resampling: Resampling
) -> Interval:
    blocks = require_same_rows(columns, resampling)
    numbers = np.arange(len(columns[0]))
    drawn_values = [
        _value_or_nan(value, np.repeat(numbers, drawn[resampling.block]))
        for counts in draws(blocks, resampling.resamples, np.random.default_rng(resampling.seed))
        for drawn in counts.astype(np.intp)
    ]
    return interval(value(numbers), np.array(drawn_values), class_weights(classes, len(numbers)), resampling)


def _value_or_nan(value: Callable[[Rows], float], rows: Rows) -> float:
    """Return the value on resampled rows, or NaN if it has none."""
    try:
        return value(rows)
    except ValueError:
        return float("nan")
