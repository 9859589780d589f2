"""Metric tables written inline, for tests of the decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from mlops.monitoring.readings import ALL_MODELS, ALL_ROWS, TABLE, Place, Readings, Slice
from mlops.monitoring.scope import Scope

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = timedelta(weeks=1)
QUEENS = Slice("borough", "Queens")
COLUMNS = ("miles", "borough", "prediction")
METRIC = "root_mean_squared_error"


class World:
    """Weeks of healthy metrics of one champion, version 1, which a test then changes.

    Attributes:
        profile: The rows of the profile table by place.
        drift: The rows of the drift table by place.
        starts: The starts of the weeks.
    """

    def __init__(self, weeks: int = 3, rows: int = 1000) -> None:
        self.starts = [MONDAY + week * WEEK for week in range(weeks)]
        self.profile: dict[Place, dict[str, Any]] = {}
        self.drift: dict[Place, dict[str, Any]] = {}
        for start in (None, *self.starts):
            for part in (ALL_ROWS, QUEENS):
                self._window(start, part, rows if part == ALL_ROWS else rows // 2)

    def _window(self, start: datetime | None, part: Slice, rows: int) -> None:
        for version in (ALL_MODELS,) if start is None else (ALL_MODELS, "1"):
            self.profile[Place(start, part, version, TABLE)] = {"count": rows, METRIC: 2.0}
            for column in (*COLUMNS, "fare"):
                kind = "string" if column == "borough" else "double"
                self.profile[Place(start, part, version, column)] = {
                    "count": rows,
                    "num_nulls": 0,
                    "data_type": kind,
                }
                if start is not None:
                    self.drift[Place(start, part, version, column)] = (
                        {"js_distance": 0.02} if kind == "string" else {"ks_test": {"statistic": 0.03, "pvalue": 0.4}}
                    )

    def set(
        self,
        weeks: Sequence[int],
        column: str = TABLE,
        *,
        part: Slice = ALL_ROWS,
        versions: Sequence[str] = (ALL_MODELS, "1"),
        drift: Mapping[str, Any] | None = None,
        **fields: object,
    ) -> World:
        """Change metrics of a column in some weeks; -1 is the baseline."""
        for week in weeks:
            for version in versions:
                place = Place(None if week < 0 else self.starts[week], part, version, column)
                self.profile.setdefault(place, {}).update(fields)
                if drift is not None:
                    self.drift[place] = dict(drift)
        return self

    def without(self, week: int) -> World:
        """Remove every metric of a week."""
        for table in (self.profile, self.drift):
            for place in [place for place in table if place.start == self.starts[week]]:
                del table[place]
        return self

    def scope(self, last: int = 2, **changes: Any) -> Scope:  # noqa: ANN401 - any field
        """Return what rules are applied to: the last weeks."""
        given: dict[str, Any] = {
            "readings": Readings(self.profile, self.drift),
            "windows": self.starts[-last:],
            "columns": COLUMNS,
            "label": "fare",
            "champion": "1",
            "quality": METRIC,
            "reference": 2.0,
            "greater_is_better": False,
        }
        return Scope(**given | changes)


def ks(statistic: float) -> dict[str, Any]:
    """Return a drift row of a numeric column."""
    return {"ks_test": {"statistic": statistic, "pvalue": 0.0}}
