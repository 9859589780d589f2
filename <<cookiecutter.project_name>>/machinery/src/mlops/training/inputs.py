"""How the training rows cover each input of the model, so that its card can say which values were rarely seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

FILE = "training/inputs.json"

_MOST_VALUES = 30  # an input with more different values is described by its range
_LOW, _HIGH = 0.01, 0.99


@dataclass(frozen=True)
class Input:
    """The values of one input in the training rows; those that are missing or not finite are only counted.

    Attributes:
        name: The input.
        rows: How many training rows there are.
        missing: How many of them have no finite value.
        smallest: The smallest value; None if there is no value at all, as for the others.
        low: The first percentile.
        below: How many rows have a smaller value than `low`.
        median: The median.
        high: The 99th percentile.
        above: How many rows have a greater value than `high`.
        greatest: The greatest value.
        values: How many rows have each value, if there are few different ones; otherwise empty. Of text, the most
            frequent values, and `other values`.
    """

    name: str
    rows: int
    missing: int
    smallest: float | None = None
    low: float | None = None
    below: int = 0
    median: float | None = None
    high: float | None = None
    above: int = 0
    greatest: float | None = None
    values: Mapping[str, int] = field(default_factory=dict)


def describe(rows: pd.DataFrame) -> list[Input]:
    """Describe each column of the rows: numbers by their range or values, text by its values, times by nulls only."""
    return [_describe(str(name), rows[name]) for name in rows.columns]


def as_json(inputs: Iterable[Input]) -> list[dict[str, Any]]:
    """Return the inputs as `FILE` keeps them."""
    return [asdict(item) for item in inputs]


def of_json(inputs: Iterable[Mapping[str, Any]]) -> list[Input]:
    """Return the inputs that `FILE` keeps, also if another version of this project wrote fewer or more fields."""
    return [Input(**{field.name: kept[field.name] for field in fields(Input) if field.name in kept}) for kept in inputs]


def _describe(name: str, column: pd.Series[float]) -> Input:
    if column.dtype.kind in "iufb":
        return _numbers(name, column.to_numpy(dtype="float64"))
    values = column.value_counts() if column.dtype.kind == "O" else pd.Series(dtype="int64")
    shown = {str(value): int(count) for value, count in values.head(_MOST_VALUES).items()}
    if others := int(values.iloc[_MOST_VALUES:].sum()):
        shown["other values"] = others
    return Input(name, len(column), int(column.isna().sum()), values=shown)


def _numbers(name: str, column: np.ndarray[Any, np.dtype[np.float64]]) -> Input:
    known = column[np.isfinite(column)]
    missing = len(column) - len(known)
    if not len(known):
        return Input(name, len(column), missing)
    # Percentiles that are values of rows: a value in between would be none that was seen.
    low, median, high = (
        float(quantile) for quantile in np.quantile(known, [_LOW, 0.5, _HIGH], method="closest_observation")
    )
    values, counts = np.unique(known, return_counts=True)
    few = len(values) <= _MOST_VALUES
    return Input(
        name,
        rows=len(column),
        missing=missing,
        smallest=float(known.min()),
        low=low,
        below=int((known < low).sum()),
        median=median,
        high=high,
        above=int((known > high).sum()),
        greatest=float(known.max()),
        values={f"{value:g}": int(count) for value, count in zip(values, counts, strict=True)} if few else {},
    )
