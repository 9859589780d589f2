"""Resamples blocks of rows, and turns the gains on the resamples into a confidence interval.

The interval is `gain ± t x standard error`. The standard error is the standard deviation of the gain over the resamples
times sqrt(blocks / (blocks - 1)), because a resample of few blocks varies too little (Efron and Tibshirani, An
Introduction to the Bootstrap, 1993, section 6). The quantile t of Student's distribution has one degree of freedom less
than there are blocks, which keeps the interval honest with as few as five of them (Ibragimov and Müller, Journal of
Business and Economic Statistics 28, 2010). Percentiles of the resamples would be too close to the gain for few blocks,
and are unknown at confidence levels beyond 1 - 1 / resamples, which repeated challenges need.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from scipy.special import stdtrit

from .arrays import Array
from .blocks import Blocks, effective

_COUNTS = 2**18  # numbers of draws in memory at a time: 2 MB
_UNDEFINED = 0.05  # a greater share of resamples without a value is an error


@dataclass(frozen=True)
class Interval:
    """A gain with its confidence interval, in the unit of the metric; a positive gain is an improvement."""

    gain: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.gain:.4g} [{self.low:.4g}, {self.high:.4g}]"


@dataclass(frozen=True)
class Resampling:
    """How rows are resampled.

    Attributes:
        block: Shape (rows,): the number of the block of each row, from 0 without gaps (`blocks.sample`).
        resamples: The number of resamples.
        confidence: How often the interval should contain the true gain, such as 0.95.
        seed: Makes the interval repeatable.
    """

    block: Blocks
    resamples: int
    confidence: float
    seed: int


def require_same_rows(columns: list[Array], resampling: Resampling) -> int:
    """Return the number of blocks of rows, given what is known about them, shape (rows, ...) each.

    Raises:
        ValueError: There are fewer than two blocks, the lengths differ, or a value is not finite.
    """
    if any(column.shape[:1] != resampling.block.shape for column in columns):
        raise ValueError("two models can only be compared on the same rows")
    if not all(np.isfinite(column).all() for column in columns):
        raise ValueError("labels and predictions must be finite")
    blocks = int(resampling.block.max(initial=-1)) + 1
    if blocks < 2:  # noqa: PLR2004 - one block shows no variation
        raise ValueError("two models can only be compared on at least two blocks of rows")
    return blocks


def class_weights(classes: Array | None, rows: int) -> list[Array]:
    """Return which rows count towards the number of blocks, shape (rows,) each: those of each class, or all."""
    if classes is None:
        return [np.ones(rows)]
    return [np.asarray(classes == number, dtype=np.float64) for number in np.unique(classes)]


def interval(gain: float, resampled: Array, weights: list[Array], resampling: Resampling) -> Interval:
    """Return the interval of a gain.

    Args:
        gain: The gain on all rows.
        resampled: Shape (resamples,): the gain on resampled rows; NaN if it has no value there.
        weights: The rows that count towards the number of blocks, shape (rows,) each; the fewest blocks decide.
        resampling: The resampling.

    Raises:
        ValueError: Too many resamples have no value.
    """
    blocks = int(resampling.block.max()) + 1
    error = _standard_deviation(resampled) * np.sqrt(blocks / (blocks - 1))
    freedom = max(1.0, min(effective(resampling.block, weight) for weight in weights if weight.any()) - 1)
    half = float(stdtrit(freedom, (1 + resampling.confidence) / 2) * error)
    return Interval(gain, gain - half, gain + half)


def _standard_deviation(resampled: Array) -> float:
    """Return the standard deviation over the resamples that have a value.

    Raises:
        ValueError: Too many have none.
    """
    defined = resampled[np.isfinite(resampled)]
    if len(defined) < (1 - _UNDEFINED) * len(resampled):
        raise ValueError("the metric is undefined on resamples that lack a class: provide more rows")
    return float(defined.std())


def draws(blocks: int, resamples: int, generator: np.random.Generator) -> Iterator[Array]:
    """Yield how often each block is drawn with replacement, shape (some of the resamples, blocks)."""
    chunk = math.ceil(_COUNTS / blocks)
    whole, rest = divmod(resamples, chunk)
    for size in (*repeat(chunk, whole), rest):
        drawn = generator.integers(blocks, size=(size, blocks)) + np.arange(size)[:, None] * blocks
        yield np.bincount(drawn.ravel(), minlength=size * blocks).reshape(size, blocks).astype(np.float64)
