"""How rows are spread over time: rows, labels and gaps of each period."""

from __future__ import annotations

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..errors import ProjectError

# The units of a period, with the most days that a span in this unit may have.
_UNITS = {"hour": 3, "day": 92, "week": 730, "month": 4000, "year": float("inf")}
_OFFSETS = {"hour": "h", "day": "D", "week": "W-MON", "month": "MS", "year": "YS"}


def unit(frame: DataFrame, time: str) -> str:
    """Return the length of the periods that a frame is cut into, so that there are at most about a hundred.

    Raises:
        ProjectError: No row has a time.
    """
    (ends,) = frame.agg(F.min(time).alias("first"), F.max(time).alias("last")).collect()
    if ends["first"] is None:
        raise ProjectError(f"no row has a time in the column {time}: there is nothing to explore yet.")
    days = (ends["last"] - ends["first"]).total_seconds() / 86_400
    return next(name for name, most in _UNITS.items() if days <= most)


def coverage(frame: DataFrame, time: str, label: str, period: str) -> pd.DataFrame:
    """Return the rows of each period, without leaving out those that have none.

    Args:
        frame: Rows with and without a label.
        time: The time column.
        label: The label, a number.
        period: The length of a period, as `unit` returns it.

    Returns:
        One line a period, by its start: `rows`, `labelled` (a share), `label` (its mean).
    """
    value = F.col(label).cast("double")
    is_label = value.isNotNull() & ~F.isnan(value)
    start = F.date_trunc(period, F.col(time)).alias("period")
    grouped = frame.where(F.col(time).isNotNull()).groupBy(start)
    counts = grouped.agg(
        F.count(F.lit(1)).alias("rows"),
        F.count(F.when(is_label, value)).alias("labels"),
        F.mean(F.when(is_label, value)).alias("label"),
    ).toPandas()
    counts = counts.set_index(pd.to_datetime(counts.pop("period"), utc=True).dt.tz_localize(None)).sort_index()
    whole = pd.date_range(counts.index.min(), counts.index.max(), freq=_OFFSETS[period])
    counts = counts.reindex(pd.DatetimeIndex(counts.index.tolist()).union(whole).rename("period"))
    counts["rows"] = counts["rows"].fillna(0).astype("int64")
    counts["labelled"] = (counts.pop("labels").fillna(0) / counts["rows"].where(counts["rows"] > 0)).round(4)
    return counts[["rows", "labelled", "label"]]


def gaps(covered: pd.DataFrame) -> pd.DataFrame:
    """Return the stretches of periods without rows, longest first: `from`, `to` (both included) and `periods`."""
    empty = covered["rows"] == 0
    stretch = (empty != empty.shift()).cumsum()[empty]
    spans = pd.DataFrame(
        [(part.index[0], part.index[-1], len(part)) for _, part in stretch.groupby(stretch)],
        columns=["from", "to", "periods"],
    )
    return spans.sort_values("periods", ascending=False, ignore_index=True)
