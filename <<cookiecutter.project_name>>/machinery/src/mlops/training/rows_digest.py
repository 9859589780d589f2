"""Digests of rows, by which later tasks recognize the rows that a model was trained with."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

_LENGTH = 16
_NUMBERS = {"boolean", "integer"}


def rows_digest(rows: pd.DataFrame) -> str:
    """Return the digest of rows, whatever their order, and whatever columns without values later runs have added."""
    rows = rows.dropna(axis="columns", how="all")
    hashes = pd.util.hash_pandas_object(rows[sorted(rows.columns)], index=False).sort_values()
    return hashlib.sha256(hashes.to_numpy().tobytes()).hexdigest()[:_LENGTH]


def split_digest(rows: pd.DataFrame) -> str:
    """Return the digest of the rows of one split, whether they were read alone or together with other splits.

    A column of integers or booleans has another type in pandas if other rows lack a value. Here all are doubles.
    """
    return rows_digest(rows.apply(_with_one_type))


def _with_one_type(column: pd.Series[float]) -> pd.Series[float]:
    kind = column.dtype.kind
    number = kind in "biuf" or (kind == "O" and pd.api.types.infer_dtype(column, skipna=True) in _NUMBERS)
    return column.astype(np.float64) if number else column
