"""The confidence interval of a metric, and of the difference between the metrics of two models.

Every metric is a function of means over rows (`row_means`, `multiclass`), which `statistics.bootstrap` resamples.
"""

from __future__ import annotations

from ..statistics.bootstrap import gain_interval, value_interval
from ..statistics.resampling import Interval, Resampling, class_weights
from .metrics import GREATER_IS_BETTER, METRICS, Array
from .multiclass import AS_CLASS_MEANS
from .row_means import AS_MEANS


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
    return gain_interval(pair, lambda means: sign * value(means), _weights(metric, label), resampling)


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
    return value_interval(columns(label, prediction), value, _weights(metric, label), resampling)


def _weights(metric: str, label: Array) -> list[Array]:
    return class_weights(None if metric in METRICS["regression"] else label, len(label))
