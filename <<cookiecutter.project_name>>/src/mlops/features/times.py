"""Times as microseconds since 1970, which have no time zone to mistake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_micros(micros: int) -> datetime:
    """Return the time that is so many microseconds after 1970, in UTC: exact, and of no other time zone."""
    return EPOCH + timedelta(microseconds=micros)
