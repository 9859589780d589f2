"""Numbers for the values of text and time columns, for methods that need numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .arrays import Array


@dataclass(frozen=True)
class Codes:
    """The values of the columns of some rows that are not numbers; a code is the place of a value among them.

    Attributes:
        values: The different values of each such column, in order.
        dtypes: The types of these columns.
    """

    values: dict[str, NDArray[Any]]
    dtypes: dict[str, Any]

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Self:
        """Return the codes for the values of these rows."""
        others = [str(name) for name in rows.columns if rows[name].dtype.kind not in "iufb"]
        values = {name: np.sort(rows[name].dropna().unique()) for name in others}
        return cls(values, {name: rows[name].dtype for name in others})

    def encode(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the rows as doubles, with NaN for null and for a value without a code."""
        codes = {name: self._codes(rows[name], values) for name, values in self.values.items()}
        return rows.assign(**codes).astype("float64")

    def decode(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return rows of codes as the values that they stand for, null for NaN."""
        return rows.assign(**{name: self._values(rows[name], name) for name in self.values})

    @staticmethod
    def _codes(column: pd.Series[float], values: NDArray[Any]) -> Array:
        places = pd.Index(values).get_indexer(pd.Index(column))
        return np.where(places < 0, np.nan, places.astype("float64"))

    def _values(self, codes: pd.Series[float], name: str) -> pd.Series[float]:
        known, values = codes.notna().to_numpy(), self.values[name]
        decoded = pd.Series([None] * len(codes), index=codes.index, dtype="object")
        decoded[known] = values[codes[known].astype(int)]
        return decoded.astype(self.dtypes[name])


def as_numbers(column: pd.Series[float]) -> Array:
    """Return a column of numbers or times as doubles, shape (rows,), with NaN for null; times are in microseconds."""
    if column.dtype.kind == "M":
        micros = column.to_numpy().astype("datetime64[us]").astype("int64")
        return np.where(column.isna(), np.nan, micros.astype("float64"))
    return column.to_numpy(dtype="float64")


def ranked_by_label(column: pd.Series[float], label: Array, other: pd.Series[float]) -> tuple[Array, Array]:
    """Return the values of a text column as numbers: the ranks of their mean labels, so that order means something.

    Args:
        column: Shape (rows,).
        label: The labels of these rows, shape (rows,).
        other: The column of other rows, shape (other rows,).

    Returns:
        The ranks of both, with NaN for null and for a value that only `other` has.
    """
    means = pd.Series(label).groupby(column.to_numpy()).mean()
    ranks = means.rank(method="first")
    return tuple(values.map(ranks).to_numpy(dtype="float64") for values in (column, other))  # type: ignore[return-value] # two
