"""Features computed on demand. Replace the functions in this module with your own.

Each becomes a Python function in Unity Catalog, so that training, batch inference and real-time serving run the same
code. So each function must be self-contained: import what it needs inside the function, and annotate all types as
float, int, str, bool, date or datetime, each with `| None`, because a null is passed as None. A datetime is in UTC.
`project.yml` says which columns a function receives.
"""

from __future__ import annotations

from datetime import datetime


def hour_of_day(moment: datetime | None) -> float | None:
    """Return the hour, 0 to 23."""
    return None if moment is None else float(moment.hour)


def is_weekend(moment: datetime | None) -> float | None:
    """Return 1 on Saturdays and Sundays, otherwise 0."""
    return None if moment is None else float(moment.weekday() >= 5)


def distance_band(miles: float | None) -> float | None:
    """Return the band of the distance: 0 below 1 mile, then 1, 2, 3 and 4 from 1, 2, 5 and 10 miles on."""
    return None if miles is None else float(sum(miles >= bound for bound in (1, 2, 5, 10)))
