"""The confidence interval of the difference between two models: a paired bootstrap on the rows that both predicted.

Every metric here is a function of means over rows (of squared errors, of hits ...), so a resample only needs the sums
of these columns. Rows are first put into at most `GROUPS` random groups, and then the groups are resampled. With fewer
rows than `GROUPS` this is the ordinary bootstrap. With more rows it preserves the variance of a mean to within a few
percent, and time and memory do not grow with resamples times rows (Efron and Tibshirani, An Introduction to the
Bootstrap, 1993). The area under the curve is computed from its placement values (DeLong, DeLong and Clarke-Pearson,
Biometrics 44, 1988).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from .metrics import DECISION_THRESHOLD, GREATER_IS_BETTER, Array

GROUPS = 4096
_CHUNK = 64  # resamples at a time: 64 x 4096 counts

Columns = Callable[[Array, Array], list[Array]]
Value = Callable[[Array], Array]


@dataclass(frozen=True)
class Interval:
    """A gain with its confidence interval, in the unit of the metric; a positive gain is an improvement."""

    gain: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.gain:.4g} [{self.low:.4g}, {self.high:.4g}]"


def metric_gain(  # noqa: PLR0913 - two models, the labels, and settings of the resampling
    metric: str,
    label: Array,
    challenger: Array,
    incumbent: Array,
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> Interval:
    """Return how much better the challenger's metric is than the incumbent's on the same rows.

    Args:
        metric: A metric of `metrics.METRICS`.
        label: Shape (rows,): values, or 0 and 1.
        challenger: Shape (rows,): predictions of the challenger.
        incumbent: Shape (rows,): predictions of the incumbent.
        resamples: The number of resamples.
        confidence: The share of the resamples inside the interval, such as 0.95.
        seed: Makes the interval repeatable.

    Raises:
        ValueError: There are no rows, the lengths differ, or a value is not finite.
    """
    columns, value = _METRICS[metric]
    sign = 1.0 if GREATER_IS_BETTER[metric] else -1.0
    pair = [columns(label, prediction) for prediction in (challenger, incumbent)]
    return _gain(pair, lambda means: sign * value(means), resamples, confidence, seed)


def value_gain(challenger: Array, incumbent: Array, *, resamples: int, confidence: float, seed: int) -> Interval:
    """Return how much greater the challenger's mean is than the incumbent's, given a value, shape (rows,), per row.

    Raises:
        ValueError: As `metric_gain`.
    """
    return _gain([[challenger], [incumbent]], lambda means: means[:, 0], resamples, confidence, seed)


def _gain(pair: list[list[Array]], value: Value, resamples: int, confidence: float, seed: int) -> Interval:
    columns = [np.asarray(column, dtype=np.float64) for side in pair for column in side]
    rows = len(columns[0])
    if rows == 0 or any(column.shape != (rows,) for column in columns):
        raise ValueError("two models can only be compared on the same rows, and on at least one row")
    if not all(np.isfinite(column).all() for column in columns):
        raise ValueError("labels and predictions must be finite")
    generator = np.random.default_rng(seed)
    sums = _grouped([np.ones(rows), *columns], generator)
    # Each side is summed separately, so that equal models have exactly equal sums.
    width = len(pair[0])
    sides = [np.ascontiguousarray(sums[:, start : start + width]) for start in (1, 1 + width)]
    found = []
    for counts in _draws(len(sums), resamples, generator):
        drawn = counts @ sums[:, :1]
        challenger, incumbent = (value(counts @ side / drawn) for side in sides)
        found.append(challenger - incumbent)
    gains = np.concatenate(found)
    if not np.isfinite(gains).all():
        raise ValueError("the metric is undefined on a resample that lacks a class: provide more rows")
    low, high = np.quantile(gains[1:], [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(gains[0]), float(low), float(high))


def _grouped(columns: list[Array], generator: np.random.Generator) -> Array:
    """Sum each column over random groups of rows of nearly equal size: shape (groups, columns)."""
    rows = len(columns[0])
    groups = min(rows, GROUPS)
    group = generator.permutation(rows) % groups
    return np.stack([np.bincount(group, weights=column, minlength=groups) for column in columns], axis=1)


def _draws(groups: int, resamples: int, generator: np.random.Generator) -> Iterator[Array]:
    """Yield how often each group is drawn, shape (up to `_CHUNK`, groups): first once each, then with replacement."""
    yield np.ones((1, groups))
    for start in range(0, resamples, _CHUNK):
        size = min(_CHUNK, resamples - start)
        drawn = generator.integers(groups, size=(size, groups)) + np.arange(size)[:, None] * groups
        yield np.bincount(drawn.ravel(), minlength=size * groups).reshape(size, groups).astype(np.float64)


def _log_losses(label: Array, prediction: Array) -> list[Array]:
    tiny = np.finfo(np.float64).eps
    chance = np.clip(prediction, tiny, 1 - tiny)
    return [-np.log(np.where(label > 0, chance, 1 - chance))]


def _decisions(label: Array, prediction: Array) -> list[Array]:
    """Return true positives, false positives and false negatives."""
    decided, positive = prediction >= DECISION_THRESHOLD, label > 0
    return [np.asarray(one, dtype=np.float64) for one in (decided & positive, decided & ~positive, ~decided & positive)]


def _placements(label: Array, prediction: Array) -> list[Array]:
    """Return the share of the other class that each row is ranked correctly against, by class, and the ROC AUC."""
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


def _ratio(above: Array, below: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(above / below)


_METRICS: Mapping[str, tuple[Columns, Value]] = {
    "rmse": (lambda label, prediction: [(label - prediction) ** 2], lambda means: np.sqrt(means[:, 0])),
    "mae": (lambda label, prediction: [np.abs(label - prediction)], lambda means: means[:, 0]),
    "r2": (
        lambda label, prediction: [(label - prediction) ** 2, label, label**2],
        lambda means: 1 - _ratio(means[:, 0], means[:, 2] - means[:, 1] ** 2),
    ),
    "log_loss": (_log_losses, lambda means: means[:, 0]),
    "accuracy": (
        lambda label, prediction: [((prediction >= DECISION_THRESHOLD) == (label > 0)).astype(np.float64)],
        lambda means: means[:, 0],
    ),
    # Without any predicted or true positives, F1 is 0, as in scikit-learn with zero_division=0.
    "f1": (
        _decisions,
        lambda means: np.nan_to_num(_ratio(2 * means[:, 0], 2 * means[:, 0] + means[:, 1] + means[:, 2])),
    ),
    "roc_auc": (
        _placements,
        lambda means: _ratio(means[:, 0], means[:, 1]) + _ratio(means[:, 2], means[:, 3]) - means[:, 4],
    ),
}
