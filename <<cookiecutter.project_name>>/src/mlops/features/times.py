"""Times as microseconds since 1970, which do not depend on a time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_micros(micros: int) -> datetime:
    """Return the exact time, in UTC, of this number of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)
