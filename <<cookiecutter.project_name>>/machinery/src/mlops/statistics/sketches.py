"""Summaries of a column that can be merged, so that each worker summarises its rows and nothing else is collected."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from . import distinct
from .distinct import Hashes

Counts = NDArray[np.int64]

MOST_ITEMS = 1000  # different texts that are counted; the rows of the others are only counted together


def no_hashes() -> Hashes:
    """Return the hashes of no values."""
    return np.empty(0, dtype=np.uint64)


@dataclass(frozen=True)
class NumberSketch:
    """A summary of numbers.

    Attributes:
        count: How many finite values there are.
        nulls: How many rows have none.
        zeros: How many values are 0.
        scale: What the values are divided by before they are averaged and squared, so that none of it overflows.
        mean: The mean of the values / scale.
        squares: The sum of the squared distances of the values / scale from their mean.
        low: The smallest value; infinity if there are none.
        high: The greatest value; minus infinity if there are none.
        bins: How many values lie in each bin, shape (edges + 1,): bin i has the values above edge i-1, up to edge i.
        hashes: The smallest hashes of the values.
    """

    count: int
    nulls: int
    zeros: int
    scale: float
    mean: float
    squares: float
    low: float
    high: float
    bins: Counts
    hashes: Hashes = field(default_factory=no_hashes)

    @property
    def average(self) -> float:
        """The mean of the values."""
        return self.mean * self.scale

    @property
    def deviation(self) -> float:
        """The sample standard deviation of the values; NaN for fewer than two."""
        return math.sqrt(self.squares / (self.count - 1)) * self.scale if self.count > 1 else math.nan

    def __add__(self, other: NumberSketch) -> NumberSketch:
        """Return the summary of the values of both (Chan et al., Updating formulae for sample variances, 1979)."""
        count = self.count + other.count
        apart = other.mean - self.mean
        share = other.count / count if count else 0.0
        return NumberSketch(
            count=count,
            nulls=self.nulls + other.nulls,
            zeros=self.zeros + other.zeros,
            scale=self.scale,
            mean=self.mean + apart * share,
            squares=self.squares + other.squares + apart * apart * share * self.count,
            low=min(self.low, other.low),
            high=max(self.high, other.high),
            bins=self.bins + other.bins,
            hashes=distinct.smallest(np.concatenate([self.hashes, other.hashes])),
        )


@dataclass(frozen=True)
class TextSketch:
    """A summary of texts.

    Attributes:
        count: How many values there are.
        nulls: How many rows have none.
        items: How often each of the most frequent values occurs.
        hashes: The smallest hashes of the values.
    """

    count: int
    nulls: int
    items: Counter[str]
    hashes: Hashes = field(default_factory=no_hashes)

    @property
    def other(self) -> int:
        """How many values are not among the items."""
        return self.count - self.items.total()

    def __add__(self, other: TextSketch) -> TextSketch:
        """Return the summary of the values of both."""
        return TextSketch(
            count=self.count + other.count,
            nulls=self.nulls + other.nulls,
            items=most_frequent(self.items + other.items),
            hashes=distinct.smallest(np.concatenate([self.hashes, other.hashes])),
        )


def most_frequent(items: Counter[str]) -> Counter[str]:
    """Return the most frequent items; of those that occur equally often, the first by name."""
    if len(items) <= MOST_ITEMS:
        return items
    ordered = sorted(items.items(), key=lambda item: (-item[1], item[0]))
    return Counter(dict(ordered[:MOST_ITEMS]))


Sketch = NumberSketch | TextSketch
