"""The confidence interval of the difference between two models: a paired bootstrap of blocks of time.

What is compared is a function of means over rows, so a resample only needs the sums of these columns over blocks, and
time and memory do not grow with resamples times rows. The interval is that of `resampling`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .arrays import Array
from .resampling import Interval, Resampling, draws, interval, require_same_rows

Value = Callable[[Array], Array]


def value_gain(challenger: Array, incumbent: Array, resampling: Resampling) -> Interval:
    """Return how much greater the challenger's mean is than the incumbent's, given a value, shape (rows,), per row.

    Raises:
        ValueError: There are fewer than two blocks, the lengths differ, or a value is not finite.
    """
    return gain_interval([[challenger], [incumbent]], lambda means: means[:, 0], [np.ones(len(challenger))], resampling)


def gain_interval(
    pair: Sequence[Sequence[Array]], value: Value, weights: list[Array], resampling: Resampling
) -> Interval:
    """Return the interval of the first model's value less the second's.

    Args:
        pair: The columns of both models, shape (rows,) each.
        value: The value of a model, given the means of its columns, shape (resamples, columns).
        weights: How much each row counts towards the blocks, shape (rows,), as `interval` takes them.
        resampling: The resampling.

    Raises:
        ValueError: As `value_gain`.
    """
    return _resampled(pair, lambda means: value(means[0]) - value(means[1]), weights, resampling)


def value_interval(columns: Sequence[Array], value: Value, weights: list[Array], resampling: Resampling) -> Interval:
    """Return the interval of the value of one model; the arguments are those of `gain_interval`.

    Raises:
        ValueError: As `value_gain`.
    """
    return _resampled([columns], lambda means: value(means[0]), weights, resampling)


def _resampled(
    sides: Sequence[Sequence[Array]],
    value: Callable[[list[Array]], Array],
    weights: list[Array],
    resampling: Resampling,
) -> Interval:
    """Return the interval of a value, given the columns of each model and the rows that count towards the blocks."""
    columns = [np.asarray(column, dtype=np.float64) for side in sides for column in side]
    blocks = require_same_rows(columns, resampling)
    rows = np.bincount(resampling.block)[:, None]
    # Each side is summed separately, so that equal models have exactly equal sums.
    sums = [np.stack([np.bincount(resampling.block, weights=column) for column in side], axis=1) for side in sides]

    def values(counts: Array) -> Array:
        return value([counts @ side / (counts @ rows) for side in sums])

    found = float(values(np.ones(blocks)[None]).item())
    drawn = [values(counts) for counts in draws(blocks, resampling.resamples, np.random.default_rng(resampling.seed))]
    return interval(found, np.concatenate(drawn), weights, resampling)
