"""Features computed on demand, from the request and from what was looked up."""

from __future__ import annotations

from datetime import datetime


def local_hour(moment: datetime | None, utc_hours: float | None) -> int | None:
    """Return the hour at the airport, 0 to 23."""
    from datetime import timedelta  # noqa: PLC0415 - in Unity Catalog the function is alone

    return None if moment is None or utc_hours is None else (moment + timedelta(hours=utc_hours)).hour


def weekday(moment: datetime | None, utc_hours: float | None) -> str | None:
    """Return the day of the week at the airport, such as Mon."""
    from datetime import timedelta  # noqa: PLC0415 - as above

    return None if moment is None or utc_hours is None else f"{moment + timedelta(hours=utc_hours):%a}"
