"""On-demand features. Replace the functions of this module to make the project yours.

Each function becomes a Python function of Unity Catalog, so that training, batch inference and real-time serving run
the same code. So it must be self-contained and import what it needs inside its body. Annotate its parameters and its
result with float, int, str, bool, date or datetime, each with `| None`, because a null is passed as None. A datetime is
in UTC. `project.yml` says which columns a function gets.
"""

from __future__ import annotations

from datetime import datetime


def hour_of_day(moment: datetime | None) -> float | None:
    """Return the hour, 0 to 23."""
    return None if moment is None else float(moment.hour)


def is_weekend(moment: datetime | None) -> float | None:
    """Return 1 on Saturdays and Sundays, else 0."""
    return None if moment is None else float(moment.weekday() >= 5)


def distance_band(miles: float | None) -> float | None:
    """Return 0 for less than a mile; 1, 2 and 3 from 1, 2 and 5 miles; and 4 for 10 miles or more."""
    return None if miles is None else float(sum(miles >= bound for bound in (1, 2, 5, 10)))
