"""The summaries of one column, for every group of rows at once."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlops.statistics import distinct
from mlops.statistics.sketches import NumberSketch, TextSketch, most_frequent

Codes = NDArray[np.int64]


def of_numbers(
    column: pd.Series[Any], codes: Codes, count: int, edges: NDArray[np.float64], scale: float
) -> list[NumberSketch]:
    """Return a summary of the numbers of each group. Values that are not finite count as missing.

    Args:
        column: The numbers, shape (rows,).
        codes: The number of the group of each row, from 0.
        count: The number of groups.
        edges: The edges of the bins.
        scale: What the values are divided by before they are squared.
    """
    values = column.to_numpy(dtype=np.float64)
    finite = np.isfinite(values)
    kept, at = values[finite], codes[finite]
    rows = np.bincount(at, minlength=count)
    nulls = np.bincount(codes[~finite], minlength=count)
    zeros = np.bincount(at[kept == 0], minlength=count)
    scaled = kept / scale
    mean = np.divide(np.bincount(at, scaled, count), rows, out=np.zeros(count), where=rows > 0)
    squares = np.bincount(at, (scaled - mean[at]) ** 2, count)
    ends = pd.DataFrame({"at": at, "value": kept}).groupby("at")["value"].agg(["min", "max"]).reindex(range(count))
    low, high = ends["min"].fillna(np.inf).to_numpy(), ends["max"].fillna(-np.inf).to_numpy()
    width = len(edges) + 1
    bins = np.bincount(at * width + np.searchsorted(edges, kept), minlength=count * width).reshape(count, width)
    hashes = _hashes(distinct.hashes(kept + 0.0), at, count)  # + 0.0: minus zero is zero
    return [
        NumberSketch(
            count=int(rows[i]),
            nulls=int(nulls[i]),
            zeros=int(zeros[i]),
            scale=scale,
            mean=float(mean[i]),
            squares=float(squares[i]),
            low=float(low[i]),
            high=float(high[i]),
            bins=bins[i],
            hashes=hashes[i],
        )
        for i in range(count)
    ]


def of_texts(column: pd.Series[Any], codes: Codes, count: int) -> list[TextSketch]:
    """Return a summary of the texts of each group; the arguments are those of `of_numbers`."""
    values = column.to_numpy(dtype=object)
    known = column.notna().to_numpy()
    numbers, names = pd.factorize(values[known])
    at = codes[known]
    rows = np.bincount(at, minlength=count)
    nulls = np.bincount(codes[~known], minlength=count)
    pairs, occurs = np.unique(at * max(1, len(names)) + numbers, return_counts=True)
    items: list[Counter[str]] = [Counter() for _ in range(count)]
    for pair, times in zip(pairs.tolist(), occurs.tolist(), strict=True):
        group, name = divmod(pair, max(1, len(names)))
        items[group][str(names[name])] = times
    of_names = distinct.hashes(np.asarray(names, dtype=object)) if len(names) else np.empty(0, np.uint64)
    hashes = _hashes(of_names[numbers] if len(names) else of_names, at, count)
    return [TextSketch(int(rows[i]), int(nulls[i]), most_frequent(items[i]), hashes[i]) for i in range(count)]


def _hashes(hashes: distinct.Hashes, codes: Codes, count: int) -> list[distinct.Hashes]:
    """Return the smallest hashes of each group."""
    order = np.argsort(codes, kind="stable")
    cuts = np.searchsorted(codes[order], np.arange(1, count))
    return [distinct.smallest(part) for part in np.split(hashes[order], cuts)]


def power_of_two(values: NDArray[np.float64]) -> float:
    """Return a power of two near the greatest absolute value, and 1 if there is none: dividing by it is exact."""
    largest = float(np.abs(values).max(initial=0.0))
    return 2.0 ** math.frexp(largest)[1] if largest > 0 else 1.0
