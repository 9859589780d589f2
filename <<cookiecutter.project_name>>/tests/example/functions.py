"""Features computed on demand. Replace the functions of this module to make the project yours.

Each becomes a Python function of Unity Catalog, so that training, batch inference and real-time serving run the same
code. So each stands alone: it imports what it needs inside itself; its annotations say its types, which are float, int,
str, bool, date or datetime, each with `| None`, because a null comes as None. A datetime is in UTC.
`project.yml` says which columns it gets.
"""

from __future__ import annotations

from datetime import datetime


def hour_of_day(moment: datetime | None) -> float | None:
    """The hour, 0 to 23."""
    return None if moment is None else float(moment.hour)


def is_weekend(moment: datetime | None) -> float | None:
    """1 on Saturdays and Sundays, else 0."""
    return None if moment is None else float(moment.weekday() >= 5)


def distance_band(miles: float | None) -> float | None:
    """How far, from 0 (less than a mile) over 1, 2 and 3 (from 1, 2 and 5 miles on) to 4 (10 miles and more)."""
    return None if miles is None else float(sum(miles >= bound for bound in (1, 2, 5, 10)))
