"""Cuts held-out rows into blocks of time, the units that are resampled.

Rows close in time are alike: a bad day is bad for many rows at once. Resampling single rows would treat them as
independent and make an interval too narrow, so whole blocks of neighbouring rows are resampled instead (Künsch, Annals
of Statistics 17, 1989). A block has to be longer than the errors stay alike; few long blocks are safe, because the
interval allows for their number (`bootstrap`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arrays import Array

Times = NDArray[np.datetime64]
Blocks = NDArray[np.intp]

MOST_BLOCKS = 4096  # bounds the memory and time of resampling
_MOST_BY_DEFAULT = 30  # more blocks would narrow the interval by only 4 percent
_ROWS, _CASES = 40, 4  # by default, per block: rows, and rows of the rarest class


@dataclass(frozen=True)
class Sample:
    """How much evidence the held-out rows are.

    Attributes:
        block: Shape (rows,): the number of the block of each row, from 0.
        blocks: The number of blocks.
        cases: The number of rows of the rarest class; None for regression.
    """

    block: Blocks
    blocks: int
    cases: int | None = None

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.block)


def sample(times: Times, classes: Array | None, *, hours: float | None, fewest: int, number: int = 2) -> Sample:
    """Return the blocks of rows with these event times.

    With `hours`, each block is a span of this length (counted from 1970-01-01 00:00 UTC). Without it, blocks consist
    of whole UTC days: of so many days that there are at most 30 blocks and each has 40 rows and 4 cases of each class
    on average, but of fewer days if there would otherwise be fewer than `fewest` blocks.

    Args:
        times: Shape (rows,): event times in UTC.
        classes: Shape (rows,): numbers of classes from 0; None for regression.
        hours: The length of a block in hours.
        fewest: How many blocks the default aims for at least.
        number: How many classes there are.
    """
    span = max(1, round(3600 * (24 if hours is None else hours)))
    _, unit = np.unique(times.astype("datetime64[s]").astype(np.int64) // span, return_inverse=True)
    cases = None if classes is None else int(np.bincount(classes.astype(np.intp), minlength=number).min())
    at_most = MOST_BLOCKS
    if hours is None:
        by_rows = len(times) // _ROWS if cases is None else min(len(times) // _ROWS, cases // _CASES)
        at_most = max(fewest, min(_MOST_BY_DEFAULT, by_rows))
    units = int(unit.max(initial=-1)) + 1
    block = unit if units <= at_most else unit * at_most // units
    return Sample(block, min(units, at_most), cases)


def effective(block: Blocks, weight: Array | None = None) -> float:
    """Return how many blocks of equal weight vary as much as these: (sum of weights)^2 / sum of squared weights.

    This is the effective sample size of Kish (Survey Sampling, 1965).

    Args:
        block: Shape (rows,): the block of each row.
        weight: Shape (rows,): the weight of each row; None counts rows.
    """
    size = np.bincount(block, weights=weight).astype(np.float64)
    return float(size.sum() ** 2 / (size**2).sum())
