"""How sure a difference between two models is: a paired bootstrap on the rows that both predicted.

Every metric here is a function of means over rows (of squared errors, of hits ...), so a resample needs the sums of
these columns only. Rows are first put into at most `GROUPS` random groups, and the groups are resampled: with fewer
rows than that this is the ordinary bootstrap, with more it keeps the variance of a mean to within a few percent, in
time and memory that do not grow with resamples times rows (Efron and Tibshirani, An Introduction to the Bootstrap,
1993; the area under the curve enters by its placement values: DeLong, DeLong and Clarke-Pearson, Biometrics 44,
1988).
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
    """A gain with its confidence interval, in the unit of the metric; positive is better."""

    gain: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.gain:.4g} [{self.low:.4g}, {self.high:.4g}]"


def metric_gain(  # noqa: PLR0913 - two models, one truth, and how to draw
    metric: str,
    label: Array,
    challenger: Array,
    incumbent: Array,
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> Interval:
    """Return by how much the challenger's metric is better than the incumbent's on the same rows.

    Args:
        metric: A metric of `evaluation.METRICS`.
        label: Shape (rows,): values, or 0 and 1.
        challenger: Shape (rows,): predictions of the challenger.
        incumbent: Shape (rows,): predictions of the incumbent.
        resamples: How many resamples.
        confidence: Share of the resamples inside the interval, such as 0.95.
        seed: Makes it repeatable.

    Raises:
        ValueError: No rows, unequal lengths, or a value that is not finite.
    """
    columns, value = _METRICS[metric]
    sign = 1.0 if GREATER_IS_BETTER[metric] else -1.0
    pair = [columns(label, prediction) for prediction in (challenger, incumbent)]
    return _gain(pair, lambda means: sign * value(means), resamples, confidence, seed)


def value_gain(challenger: Array, incumbent: Array, *, resamples: int, confidence: float, seed: int) -> Interval:
    """Return by how much the mean of a value of each row, shape (rows,), is greater for the challenger.

    Raises:
        ValueError: As `metric_gain`.
    """
    return _gain([[challenger], [incumbent]], lambda means: means[:, 0], resamples, confidence, seed)


def _gain(pair: list[list[Array]], value: Value, resamples: int, confidence: float, seed: int) -> Interval:
    columns = [np.asarray(column, dtype=np.float64) for side in pair for column in side]
    rows = len(columns[0])
    if rows == 0 or any(column.shape != (rows,) for column in columns):
        raise ValueError("two models can be compared on the same rows only, and on one at least")
    if not all(np.isfinite(column).all() for column in columns):
        raise ValueError("labels and predictions must be finite")
    generator = np.random.default_rng(seed)
    sums = _grouped([np.ones(rows), *columns], generator)
    # Each side by itself, so that equal models have equal sums to the last bit.
    width = len(pair[0])
    sides = [np.ascontiguousarray(sums[:, start : start + width]) for start in (1, 1 + width)]
    found = []
    for counts in _draws(len(sums), resamples, generator):
        drawn = counts @ sums[:, :1]
        challenger, incumbent = (value(counts @ side / drawn) for side in sides)
        found.append(challenger - incumbent)
    gains = np.concatenate(found)
    if not np.isfinite(gains).all():
        raise ValueError("a resample has no value of the metric, because it lacks a class: give it more rows")
    low, high = np.quantile(gains[1:], [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(gains[0]), float(low), float(high))


def _grouped(columns: list[Array], generator: np.random.Generator) -> Array:
    """Sum each column over random groups of rows of nearly equal size: shape (groups, columns)."""
    rows = len(columns[0])
    groups = min(rows, GROUPS)
    group = generator.permutation(rows) % groups
    return np.stack([np.bincount(group, weights=column, minlength=groups) for column in columns], axis=1)


def _draws(groups: int, resamples: int, generator: np.random.Generator) -> Iterator[Array]:
    """Yield how often each group is drawn, shape (up to `_CHUNK`, groups): once each, then with replacement."""
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
    """True positives, false positives, false negatives."""
    decided, positive = prediction >= DECISION_THRESHOLD, label > 0
    return [np.asarray(one, dtype=np.float64) for one in (decided & positive, decided & ~positive, ~decided & positive)]


def _placements(label: Array, prediction: Array) -> list[Array]:
    """The share of the other class that each row is ranked right against, by class, and the area under the curve."""
    positive = label > 0
    count, others = int(positive.sum()), int((~positive).sum())
    if not (count and others):
        raise ValueError("all labels are of one class, so a classifier cannot be judged on them")
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
    # Without any positive, predicted or true, it is 0, as in scikit-learn with zero_division=0.
    "f1": (
        _decisions,
        lambda means: np.nan_to_num(_ratio(2 * means[:, 0], 2 * means[:, 0] + means[:, 1] + means[:, 2])),
    ),
    "roc_auc": (
        _placements,
        lambda means: _ratio(means[:, 0], means[:, 1]) + _ratio(means[:, 2], means[:, 3]) - means[:, 4],
    ),
}
