"""Numbers as doubles, because models get all numbers as doubles."""

from __future__ import annotations

from collections.abc import Collection

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_NUMBERS = {"tinyint", "smallint", "int", "bigint", "float"}


def is_number(kind: str) -> bool:
    """Return whether a Spark type is one of numbers other than double."""
    return kind in _NUMBERS or kind.startswith("decimal")


def numbers_as_doubles(frame: DataFrame, columns: Collection[str]) -> DataFrame:
    """Return the frame with those of these columns that are numbers as doubles; 64-bit integers are then rounded."""
    numbers = {name for name, kind in frame.dtypes if name in columns and is_number(kind)}
    if not numbers:
        return frame
    return frame.select(
        *[F.col(name).cast("double").alias(name) if name in numbers else name for name in frame.columns]
    )
