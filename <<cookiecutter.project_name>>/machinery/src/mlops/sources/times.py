"""Times as microseconds since 1970, which do not depend on a time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_micros(micros: int) -> datetime:
    """Return the exact time, in UTC, of this number of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


def to_micros(time: datetime) -> int:
    """Return the exact number of microseconds from 1970 to a time, which has a time zone."""
    return (time - EPOCH) // timedelta(microseconds=1)


def micros(column: str) -> Column:
    """Return a time in microseconds since 1970; a date counts as its midnight in UTC."""
    return F.unix_micros(F.col(column).cast("timestamp"))


def before(column: str, time: datetime) -> Column:
    """Return whether a time is before another."""
    return micros(column) < _literal(time)


def since(frame: DataFrame, column: str | None, time: datetime | None) -> DataFrame:
    """Return the rows with times since this time; all rows if no time, or no column of times, is given."""
    return frame if time is None or column is None else frame.where(~before(column, time))


def until(frame: DataFrame, column: str | None, time: datetime | None) -> DataFrame:
    """Return the rows without those with later times; all rows if no time, or no column of times, is given."""
    if time is None or column is None:
        return frame
    return frame.where(~F.coalesce(micros(column) > _literal(time), F.lit(False)))  # noqa: FBT003 - a literal of Spark


def _literal(time: datetime) -> Column:
    return F.lit(to_micros(time))


def newest(frame: DataFrame, column: str) -> datetime | None:
    """Return the newest time, or None if there is none."""
    latest = frame.select(F.max(micros(column))).collect()[0][0]
    return None if latest is None else from_micros(latest)
