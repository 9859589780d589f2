"""Decides which part of a feature table a run computes, depending on what is new in the source.

A feature row with time e depends on the source rows with times from e - window to e. So source rows with times since s
can change feature rows with times since s, and computing those needs the source rows since s - window.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..config.features import Increment


@dataclass(frozen=True)
class Progress:
    """What a run of a feature table has processed.

    Attributes:
        source_table: The source table.
        definition: Digest of the code and configuration that computed the feature table.
        until: The newest time in the source.
        settled_rows: The number of source rows that were older than `settled_before`.
    """

    source_table: str
    definition: str
    until: datetime
    settled_rows: int


@dataclass(frozen=True)
class Span:
    """Which feature rows to compute.

    Attributes:
        since: The time since which feature rows are computed; None for all.
        replace: Whether the existing rows of the table are replaced.
        reason: Why these rows are computed.
    """

    since: datetime | None
    replace: bool
    reason: str

    def source_since(self, increment: Increment) -> datetime | None:
        """Return the time since which source rows are needed; None for all."""
        return None if self.since is None else self.since - timedelta(hours=increment.window_hours)


def settled_before(increment: Increment, until: datetime) -> datetime:
    """Return the time before which no more source rows are expected to arrive."""
    return until - timedelta(hours=increment.late_hours)


def span(
    increment: Increment | None, last: Progress | None, source_table: str, definition: str, settled_rows: int | None
) -> Span:
    """Decide which rows a run computes if the user does not ask for more.

    Args:
        increment: How the table can be computed incrementally; None if it cannot.
        last: What the last run has processed; None if there was no run, or if the table no longer exists.
        source_table: The source table of this run.
        definition: Digest of the code and configuration of this run.
        settled_rows: The number of source rows that are now older than the last run's `settled_before`.
    """
    if increment is None:
        return Span(None, replace=True, reason="it is recomputed in every run")
    if last is None or (last.source_table, last.definition) != (source_table, definition):
        return Span(None, replace=True, reason=_outdated(last, source_table))
    since = settled_before(increment, last.until)
    if settled_rows != last.settled_rows:
        changed = f"the source has {settled_rows} rows before {since:%Y-%m-%d %H:%M}, but had {last.settled_rows}"
        if increment.past_changed == "recompute":
            return Span(None, replace=True, reason=changed)
        return Span(since, replace=False, reason=f"{changed}; past_changed is warn, so they are not recomputed")
    return Span(since, replace=False, reason="new and late rows")


def _outdated(last: Progress | None, source_table: str) -> str:
    if last is None:
        return "no earlier run is recorded"
    if last.source_table != source_table:
        return f"the source of the last run was {last.source_table}"
    return "the function of the table or its configuration has changed"


def wider(decided: Span, wanted: Span | None) -> Span:
    """Return the wider of what was decided and what the user asked for, so that no new row is missed."""
    if wanted is None or decided.since is None:
        return decided
    return wanted if wanted.since is None or wanted.since < decided.since else decided


def asked(text: str) -> Span | None:
    """Return the span that the user asked for: nothing, `all`, or an ISO 8601 time, in UTC unless it has an offset.

    Raises:
        ValueError: The text is none of these.
    """
    if not text:
        return None
    if text == "all":
        return Span(None, replace=True, reason="requested by the user")
    time = datetime.fromisoformat(text)
    since = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return Span(since, replace=False, reason="requested by the user")
