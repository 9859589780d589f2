"""How far two distributions are apart, from their counts; the names are those of Databricks' drift metrics.

Numbers are given by their counts in bins, texts by their counts by value. Every function returns None if one of the
distributions has no values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.special import kolmogorov
from scipy.stats import chi2_contingency

from .sketches import NumberSketch, TextSketch

Array = NDArray[np.float64]

_GROUPS = 10  # of the population stability index, each with about the same share of the reference


@dataclass(frozen=True)
class Test:
    """The result of a statistical test."""

    statistic: float
    pvalue: float


def ks_test(sketch: NumberSketch, other: NumberSketch) -> Test | None:
    """Return the two-sample Kolmogorov-Smirnov statistic at the edges of the bins, and its asymptotic p-value.

    Between two edges the true statistic may be greater, by at most the share of values in a bin.
    """
    if not (sketch.count and other.count):
        return None
    statistic = float(np.max(np.abs(_cumulative(sketch) - _cumulative(other)), initial=0.0))
    rows = sketch.count * other.count / (sketch.count + other.count)
    return Test(statistic, float(kolmogorov(statistic * math.sqrt(rows))))


def wasserstein_distance(sketch: NumberSketch, other: NumberSketch, edges: Array) -> float | None:
    """Return the first Wasserstein distance, with every value moved up to the next edge, or to the greatest value.

    Both distributions are moved alike. It is exact where the values are edges, as those of few different values are.
    """
    if not (sketch.count and other.count):
        return None
    high = max(sketch.high, other.high)
    inside = (edges >= min(sketch.low, other.low)) & (edges < high)
    apart = np.abs(_cumulative(sketch) - _cumulative(other))[inside]
    return float(np.sum(apart * np.diff([*edges[inside], high])))


def population_stability_index(sketch: NumberSketch, reference: NumberSketch) -> float | None:
    """Return the population stability index over about ten bins with equal shares of the reference.

    Half a row is added to every bin, so that empty ones do not make it infinite.
    """
    if not (sketch.count and reference.count):
        return None
    groups = _groups(reference.bins)
    p, q = (np.bincount(groups, weights=each.bins) + 0.5 for each in (sketch, reference))
    p, q = p / p.sum(), q / q.sum()
    return float(np.sum((p - q) * np.log(p / q)))


def js_distance(sketch: TextSketch, other: TextSketch) -> float | None:
    """Return the Jensen-Shannon distance to the base 2: 0 for the same shares, 1 for no value in common."""
    shares = _shares(sketch, other)
    return None if shares is None else float(np.nan_to_num(jensenshannon(*shares, base=2)))


def tv_distance(sketch: TextSketch, other: TextSketch) -> float | None:
    """Return the total variation distance: the greatest difference between the shares of any set of values."""
    shares = _shares(sketch, other)
    return None if shares is None else float(np.abs(shares[0] - shares[1]).sum() / 2)


def l_infinity_distance(sketch: TextSketch, other: TextSketch) -> float | None:
    """Return the greatest difference between the shares of a value."""
    shares = _shares(sketch, other)
    return None if shares is None else float(np.abs(shares[0] - shares[1]).max())


def chi_squared_test(sketch: TextSketch, other: TextSketch) -> Test | None:
    """Return the chi-squared test of homogeneity."""
    if not (sketch.count and other.count):
        return None
    table = _counts(sketch, other)
    if table.shape[1] == 1:
        return Test(0.0, 1.0)
    test = chi2_contingency(table, correction=False)
    return Test(float(test.statistic), float(test.pvalue))


def _cumulative(sketch: NumberSketch) -> Array:
    """Return the share of values up to each edge, shape (edges,)."""
    return np.cumsum(sketch.bins)[:-1] / sketch.count


def _groups(bins: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the number of the group of each bin; groups have about equal shares of the values, in order."""
    middle = np.cumsum(bins) - bins / 2
    groups = np.minimum((middle / bins.sum() * _GROUPS).astype(np.intp), _GROUPS - 1)
    return np.asarray(np.unique(groups, return_inverse=True)[1], dtype=np.intp)


def _shares(sketch: TextSketch, other: TextSketch) -> tuple[Array, Array] | None:
    if not (sketch.count and other.count):
        return None
    table = _counts(sketch, other)
    return table[0] / table[0].sum(), table[1] / table[1].sum()


def _counts(sketch: TextSketch, other: TextSketch) -> Array:
    """Return the counts of each value that occurs, shape (2, values); values that were not counted are one value."""
    names = sorted(set(sketch.items) | set(other.items))
    rows: list[list[int]] = []
    for each in (sketch, other):
        items: Mapping[str, int] = each.items
        rows.append([*(items.get(name, 0) for name in names), each.other])
    table = np.array(rows, dtype=np.float64)
    return table[:, table.sum(axis=0) > 0]
