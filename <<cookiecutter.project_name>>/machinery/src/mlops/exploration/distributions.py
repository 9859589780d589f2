"""The distribution of each column in each period, counted on Spark in bins, and how far periods are apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..statistics.distances import js_distance
from ..statistics.sketches import TextSketch
from ..training.model_inputs import Kind
from .tables import without_nan

PERIODS, BINS, TEXTS = 8, 20, 12
MISSING, OTHER = "missing", "other"
_ENDS = (0.01, 0.99)


@dataclass(frozen=True)
class Bins:
    """The bins of a column: of numbers their range and width, of texts their most frequent values."""

    low: float = 0.0
    width: float = 1.0
    values: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The bins in order, without the one of missing values."""
        return [*self.values, OTHER] if self.values else [str(number) for number in range(BINS)]

    @property
    def starts(self) -> list[float]:
        """Where the bins of numbers start; the first and the last also contain what lies beyond."""
        return [self.low + number * self.width for number in range(BINS)]


def bins(sample: pd.DataFrame, kinds: Mapping[str, Kind]) -> dict[str, Bins]:
    """Return the bins of the columns that are numbers or texts, from a sample of rows."""
    return {name: _bins(sample[name].dropna(), kind) for name, kind in kinds.items() if kind != "time"}


def count(frame: DataFrame, cut: Mapping[str, Bins], time: str) -> pd.DataFrame:
    """Return how many rows each bin of each column has, from one pass over the frame.

    Args:
        frame: Rows with the columns, a time and `split`.
        cut: The bins of each column.
        time: The time column, whose span is cut into eight periods of equal length.

    Returns:
        One line for each `column`, `bin`, `start` of a period and `split`, with the `rows`.
    """
    types = dict(frame.dtypes)
    micros = F.unix_micros(F.col(time))
    (ends,) = frame.agg(F.min(micros).alias("first"), F.max(micros).alias("last")).collect()
    length = max(1, (ends["last"] - ends["first"]) // PERIODS + 1)
    period = F.floor((micros - F.lit(ends["first"])) / F.lit(float(length))).alias("period")
    wide = [_bin(name, types[name], bins).alias(f"bin_{place}") for place, (name, bins) in enumerate(cut.items())]
    places = {f"bin_{place}": name for place, name in enumerate(cut)}
    long = frame.select(period, "split", *wide).unpivot(["period", "split"], list(places), "column", "bin")
    counts = long.groupBy("column", "bin", "period", "split").agg(F.count(F.lit(1)).alias("rows")).toPandas()
    counts = counts.assign(column=counts["column"].map(places), bin=counts["bin"].fillna(MISSING))
    start = ends["first"] + counts.pop("period").astype("int64") * length
    return counts.assign(start=pd.to_datetime(start, unit="us"))


def shares(counted: pd.DataFrame, cut: Mapping[str, Bins]) -> dict[str, pd.DataFrame]:
    """Return the share of the known values of each column in each bin, by split: shape (bins, splits)."""
    tables = {}
    for name, bins in cut.items():
        rows = counted[(counted["column"] == name) & (counted["bin"] != MISSING)]
        table = rows.pivot_table("rows", "bin", "split", aggfunc="sum", fill_value=0).reindex(bins.names, fill_value=0)
        tables[name] = table / table.sum().clip(lower=1)
    return tables


def drift(counted: pd.DataFrame) -> pd.DataFrame:
    """Return how far each period is from the training rows: the Jensen-Shannon distance, 0 for equal, 1 for disjoint.

    Missing values count as a value of their own, so that a column that goes missing drifts.

    Returns:
        Shape (periods, columns), the column that drifts most first; NaN where a period has no rows.
    """
    reference = _sketches(counted[counted["split"] == "train"], ["column"])
    periods = _sketches(counted, ["column", "start"])
    distances = pd.DataFrame(
        [(name, start, js_distance(sketch, reference[(name,)])) for (name, start), sketch in periods.items()],
        columns=["column", "start", "distance"],
    ).pivot_table("distance", "start", "column")
    return distances[distances.max().sort_values(ascending=False).index]


def _sketches(counted: pd.DataFrame, by: Sequence[str]) -> dict[tuple[object, ...], TextSketch]:
    sketches = {}
    for key, part in counted.groupby(list(by)):
        items = Counter({str(name): int(rows) for name, rows in part.groupby("bin")["rows"].sum().items()})
        sketches[key] = TextSketch(items.total(), 0, items)
    return sketches


def _bins(values: pd.Series[float], kind: Kind) -> Bins:
    if kind == "text":
        return Bins(values=tuple(str(text) for text in values.value_counts().index[:TEXTS]) or ("",))
    if values.empty:
        return Bins()
    low, high = (float(bound) for bound in np.quantile(values, _ENDS))
    return Bins(low, (high - low) / BINS or 1.0)


def _bin(name: str, kind: str, bins: Bins) -> Column:
    value = without_nan(name, kind)
    if bins.values:
        chosen = F.when(value.isin(*bins.values), value).otherwise(F.lit(OTHER))
    else:
        number = F.floor((value - F.lit(bins.low)) / F.lit(bins.width))
        chosen = F.greatest(F.lit(0), F.least(F.lit(BINS - 1), number)).cast("string")
    # Null for all others, not a text: some engines refuse to unpivot columns of which only some may be null.
    return F.when(value.isNotNull(), chosen)
