"""Decides which part of a feature table a run computes, depending on what is new in the source.

A feature row with time e depends on the source rows with times from e - window to e. So source rows with times since s
can change feature rows with times since s, and computing those needs the source rows since s - window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..config.features import Increment, SourceTimes


@dataclass(frozen=True)
class Progress:
    """What a run of a feature table has processed of one source.

    Attributes:
        definition: Digest of the code and configuration that computed the feature table.
        until: The newest time in the source; None if the increment names no time of this source.
        settled: The number of source rows older than `settled_before`; without a time, a digest of all rows.
    """

    definition: str
    until: datetime | None
    settled: int


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

    def source_since(self, increment: SourceTimes) -> datetime | None:
        """Return the time since which source rows are needed; None for all."""
        return None if self.since is None else self.since - timedelta(hours=increment.window_hours)


def settled_before(increment: SourceTimes, until: datetime) -> datetime:
    """Return the time before which no more source rows are expected to arrive."""
    return until - timedelta(hours=increment.late_hours)


def span(
    increment: Increment | None,
    last: Mapping[str, Progress],
    sources: Mapping[str, int | None],
    definition: str,
) -> Span:
    """Decide which rows a run computes if the user does not ask for more.

    Args:
        increment: How the table can be computed incrementally; None if it cannot.
        last: What the last run has processed, by the source's table; empty if there was no run, or if the feature
            table no longer exists.
        sources: For the table of each source of this run, what `Progress.settled` would now be for the time of the last
            run; None if the last run did not read it.
        definition: Digest of the code and configuration of this run.
    """
    if increment is None:
        return Span(None, replace=True, reason="it is recomputed in every run")
    if outdated := _why_outdated(last, sources, definition):
        return Span(None, replace=True, reason=outdated)
    untimed = [table for table, seen in last.items() if seen.until is None and sources[table] != seen.settled]
    if untimed:
        return Span(None, replace=True, reason=f"{untimed[0]}, which has no time in the increment, has changed")
    since = min(settled_before(increment, seen.until) for seen in last.values() if seen.until is not None)
    for table, seen in last.items():
        if seen.until is not None and sources[table] != seen.settled:
            before = settled_before(increment, seen.until)
            changed = f"{table} has {sources[table]} rows before {before:%Y-%m-%d %H:%M}, but had {seen.settled}"
            if increment.past_changed == "recompute":
                return Span(None, replace=True, reason=changed)
            return Span(since, replace=False, reason=f"{changed}; past_changed is warn, so they are not recomputed")
    return Span(since, replace=False, reason="new and late rows")


def _why_outdated(last: Mapping[str, Progress], sources: Mapping[str, object], definition: str) -> str:
    """Return why the rows of the last run cannot be kept; empty if they can."""
    if not last:
        return "no earlier run is recorded"
    if last.keys() != sources.keys():
        return f"the source of the last run was {' and '.join(last)}"
    if any(seen.definition != definition for seen in last.values()):
        return "the function of the table or its configuration has changed"
    if all(seen.until is None for seen in last.values()):
        return "no source of the last run had a time"
    return ""


def wider(decided: Span, wanted: Span | None) -> Span:
    """Return the wider of what was decided and what the user asked for, so that no new row is missed."""
    if wanted is None or decided.since is None:
        return decided
    return wanted if wanted.since is None or wanted.since < decided.since else decided


def parse_since(text: str) -> Span | None:
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


def require_since(text: str) -> str:
    """Return the text if `parse_since` understands it.

    Raises:
        ValueError: It does not; the message says what to write.
    """
    try:
        parse_since(text)
    except ValueError:
        raise ValueError("give an ISO 8601 time such as 2026-01-31T00:00, or all, or leave it empty") from None
    return text
