"""The confidence interval of a gain in any function of labels and predictions, computed anew on resampled rows.

The blocks that are drawn and the interval are those of `resampling`; only the time differs, because the function is
called twice for each resample.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .metrics import Array
from .resampling import Interval, Resampling, class_weights, draws, interval, require_same_rows

Value = Callable[[Array, Array], float]


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
    blocks = require_same_rows([label, *pair], how)
    numbers = np.arange(len(label))
    gain = value(label, pair[0]) - value(label, pair[1])
    found: list[float] = []
    for counts in draws(blocks, how.resamples, np.random.default_rng(how.seed)):
        for drawn in counts.astype(np.intp):
            rows = np.repeat(numbers, drawn[how.block])
            found.append(_difference(value, label[rows], *[side[rows] for side in pair]))
    return interval(gain, np.array(found), class_weights(classes, len(label)), how)


def _difference(value: Value, label: Array, challenger: Array, incumbent: Array) -> float:
    """Return the gain, or NaN if it has no value."""
    try:
        return value(label, challenger) - value(label, incumbent)
    except ValueError:
        return float("nan")
