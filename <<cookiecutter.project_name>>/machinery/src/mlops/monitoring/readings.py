"""The metric tables as plain values: what the decisions are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..sources.times import from_micros

ALL_MODELS = "*"
TABLE = ":table"
START = "_start"


@dataclass(frozen=True)
class Slice:
    """Rows for which an SQL expression has a value; all rows if both are None."""

    key: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        return "" if self.key is None else f"{self.key} = {self.value}"


ALL_ROWS = Slice()


@dataclass(frozen=True)
class Place:
    """What a metric is about: a window (by its start), a slice of its rows, a model version or all of them, a column.

    The start of the reference is None.
    """

    start: datetime | None
    slice: Slice
    version: str
    column: str


@dataclass(frozen=True)
class Readings:
    """The metrics of the latest windows of one length, as the metric tables have them.

    Attributes:
        profile: Of each column, and of the whole table under the name TABLE.
        drift: The differences of each column from the reference.
    """

    profile: Mapping[Place, Mapping[str, Any]] = field(default_factory=dict)
    drift: Mapping[Place, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def starts(self) -> list[datetime]:
        """The starts of the windows that have rows, in order."""
        times = {place.start for place, row in self.profile.items() if place.start is not None and row.get("count")}
        return sorted(times)

    @property
    def slices(self) -> list[Slice]:
        """The slices of the windows, without that of all rows, in order."""
        parts = {place.slice for place in self.profile if place.start is not None and place.slice != ALL_ROWS}
        return sorted(parts, key=str)

    def rows(self, start: datetime, part: Slice, version: str = ALL_MODELS) -> int:
        """Return the number of rows of a window."""
        return int(self.profile.get(Place(start, part, version, TABLE), {}).get("count") or 0)

    def number(self, place: Place, metric: str) -> float | None:
        """Return a metric of a column against the reference, or else of its profile; None if there is none."""
        row: Any = self.drift.get(place, {})
        value = row.get(metric)
        if value is None:
            row = self.profile.get(place, {})
            outer, _, inner = metric.partition(".")
            value = row.get(outer)
            value = value.get(inner) if inner and isinstance(value, Mapping) else value
        if isinstance(value, Mapping):
            value = value.get("statistic")
        return None if value is None or value != value else float(value)  # noqa: PLR0124 - NaN is no number

    def pvalue(self, place: Place) -> float | None:
        """Return the p-value of the test whether a column differs from the reference; None if there is none."""
        row: Any = self.drift.get(place, {})
        for test in ("ks_test", "chi_squared_test"):
            result = row.get(test)
            if isinstance(result, Mapping) and result.get("pvalue") is not None:
                return float(result["pvalue"])
        return None

    def missing(self, place: Place) -> float | None:
        """Return the share of rows without a value in a column; None if the window or the column is not there."""
        row = self.profile.get(place, {})
        rows = self.profile.get(Place(place.start, place.slice, place.version, TABLE), {}).get("count")
        return None if row.get("num_nulls") is None or not rows else float(row["num_nulls"]) / float(rows)


def readings(profile: Iterable[Mapping[str, Any]], drift: Iterable[Mapping[str, Any]], version: str) -> Readings:
    """Return the rows of the metric tables by what they are about.

    Args:
        profile: Rows of the profile table, with START, the start of the window in microseconds since 1970.
        drift: Rows of the drift table, of drift from the reference, with START.
        version: The column with the model version.
    """
    return Readings(*({_place(row, version): row for row in rows} for rows in (profile, drift)))


def _place(row: Mapping[str, Any], version: str) -> Place:
    start, of_reference = row.get(START), row.get("log_type") == "BASELINE"
    return Place(
        start=None if start is None or of_reference else from_micros(start),
        slice=Slice(row.get("slice_key"), row.get("slice_value")),
        version=ALL_MODELS if of_reference else str(row.get(version)),
        column=str(row["column_name"]),
    )
