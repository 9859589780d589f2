"""The confidence interval of the difference between two models: a paired bootstrap of blocks of time.

Every metric is a function of means over rows (`row_means`, `multiclass`), so a resample only needs the sums of these
columns over blocks, and time and memory do not grow with resamples times rows. The interval is that of `resampling`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..evaluation.metrics import GREATER_IS_BETTER, METRICS, Array
from ..evaluation.multiclass import AS_CLASS_MEANS
from .resampling import Interval, Resampling, class_weights, draws, interval, require_same_rows
from .row_means import AS_MEANS, Value


def metric_gain(metric: str, label: Array, challenger: Array, incumbent: Array, resampling: Resampling) -> Interval:
    """Return how much better the challenger's metric is than the incumbent's on the same rows.

    Args:
        metric: A metric of `metrics.METRICS`.
        label: Shape (rows,): values, or numbers of classes from 0.
        challenger: Shape (rows,), or (rows, classes) for more than two: predictions of the challenger.
        incumbent: The same shape: predictions of the incumbent.
        resampling: The resampling.

    Raises:
        ValueError: There are fewer than two blocks, the lengths differ, a value is not finite, or the metric is
            undefined without a class that many resamples lack.
    """
    columns, value = AS_MEANS[metric] if challenger.ndim == 1 else AS_CLASS_MEANS[metric]
    sign = 1.0 if GREATER_IS_BETTER[metric] else -1.0
    pair = [columns(label, prediction) for prediction in (challenger, incumbent)]
    return _gain(pair, lambda means: sign * value(means), _weights(metric, label), resampling)


def metric_interval(metric: str, label: Array, prediction: Array, resampling: Resampling) -> Interval:
    """Return the metric of one model, as the `gain` of the interval, in its own unit and sign.

    Args:
        metric: A metric of `metrics.METRICS`.
        label: As in `metric_gain`.
        prediction: As the predictions there.
        resampling: The resampling.

    Raises:
        ValueError: As `metric_gain`.
    """
    columns, value = AS_MEANS[metric] if prediction.ndim == 1 else AS_CLASS_MEANS[metric]
    return _interval_of(
        [columns(label, prediction)], lambda means: value(means[0]), _weights(metric, label), resampling
    )


def value_gain(challenger: Array, incumbent: Array, resampling: Resampling) -> Interval:
    """Return how much greater the challenger's mean is than the incumbent's, given a value, shape (rows,), per row.

    Raises:
        ValueError: As `metric_gain`.
    """
    return _gain([[challenger], [incumbent]], lambda means: means[:, 0], [np.ones(len(challenger))], resampling)


def _weights(metric: str, label: Array) -> list[Array]:
    return class_weights(None if metric in METRICS["regression"] else label, len(label))


def _gain(pair: list[list[Array]], value: Value, weights: list[Array], resampling: Resampling) -> Interval:
    """Return the interval of the difference, given the columns of both models."""
    return _interval_of(pair, lambda means: value(means[0]) - value(means[1]), weights, resampling)


def _interval_of(
    sides: list[list[Array]], value: Callable[[list[Array]], Array], weights: list[Array], resampling: Resampling
) -> Interval:
    """Return the interval of a value, given the columns of each model and the rows that count towards the blocks."""
    columns = [np.asarray(column, dtype=np.float64) for side in sides for column in side]
    blocks = require_same_rows(columns, resampling)
    rows = np.bincount(resampling.block)[:, None]
    # Each side is summed separately, so that equal models have exactly equal sums.
    sums = [np.stack([np.bincount(resampling.block, weights=column) for column in side], axis=1) for side in sides]

    def values(counts: Array) -> Array:
        return value([counts @ side / (counts @ rows) for side in sums])

    value_of_all = float(values(np.ones(blocks)[None]).item())
    drawn = [values(counts) for counts in draws(blocks, resampling.resamples, np.random.default_rng(resampling.seed))]
    return interval(value_of_all, np.concatenate(drawn), weights, resampling)
