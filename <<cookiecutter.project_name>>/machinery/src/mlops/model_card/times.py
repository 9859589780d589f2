"""Times on a card."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(text: str) -> str:
    """Return an ISO time to the minute, in UTC if it has a time zone; return any other text unchanged."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{found:%Y-%m-%d %H:%M}" if found.tzinfo is None else f"{found.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day(text: str) -> str:
    """Return the day of an ISO time, in UTC if it has a time zone; return any other text unchanged."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{found if found.tzinfo is None else found.astimezone(UTC):%Y-%m-%d}"
