"""Estimates how many different values there are, from the smallest hashes of the values.

Source: Bar-Yossef et al., Counting distinct elements in a data stream, 2002 (the k minimum values).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

KEPT = 512  # the standard error is about 1 / sqrt(KEPT), 4 %; below KEPT values the count is exact
_SPACE = 2.0**64
_MANY = 8


def hashes(values: NDArray[np.generic]) -> Hashes:
    """Return a hash of each value, shape (n,)."""
    return pd.util.hash_array(values, categorize=False)


def smallest(hashes: Hashes, kept: int = KEPT) -> Hashes:
    """Return the smallest different hashes, sorted."""
    if len(hashes) > _MANY * kept:
        # If the values are different, hardly any hash above this is among the smallest: sorting a few is enough.
        few: Hashes = np.unique(hashes[hashes < np.uint64(_SPACE * _MANY * kept / (2 * len(hashes)))])
        if len(few) >= kept:
            return few[:kept]
    every: Hashes = np.unique(hashes)
    return every[:kept]


def estimate(kept: Hashes) -> int:
    """Return about how many values there were, given their smallest hashes."""
    if len(kept) < KEPT:
        return len(kept)
    return round((KEPT - 1) * _SPACE / float(kept[KEPT - 1]))
