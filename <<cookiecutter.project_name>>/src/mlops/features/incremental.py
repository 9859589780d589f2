"""Which part of a feature table a run computes, from what is new in the source.

A feature row with the time e depends on the source rows with times from e - window to e. So source rows with times from
s on can change feature rows with times from s on, and to compute these takes the source from s - window on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..config.features import Increment


@dataclass(frozen=True)
class Progress:
    """What the last run of a feature table had seen.

    Attributes:
        source_table: The source.
        definition: Digest of the code and configuration that computed the table.
        until: The newest time in the source.
        settled_rows: How many rows the source had that were older than `settled_before` says.
    """

    source_table: str
    definition: str
    until: datetime
    settled_rows: int


@dataclass(frozen=True)
class Span:
    """What to compute.

    Attributes:
        since: Feature rows from this time on; None for all.
        replace: Whether the rows that the table has are replaced.
        reason: Why.
    """

    since: datetime | None
    replace: bool
    reason: str

    def source_since(self, increment: Increment) -> datetime | None:
        """Return from when on source rows are needed; None for all."""
        return None if self.since is None else self.since - timedelta(hours=increment.window_hours)


def settled_before(increment: Increment, until: datetime) -> datetime:
    """Return the time before which no row of the source is expected to come any more."""
    return until - timedelta(hours=increment.late_hours)


def span(
    increment: Increment | None, last: Progress | None, source_table: str, definition: str, settled_rows: int | None
) -> Span:
    """Decide what a run computes that nobody has told what to compute.

    Args:
        increment: How the table can be computed incrementally; None if it cannot.
        last: What the last run had seen; None if there was none, or if its table is gone.
        source_table: The source of this run.
        definition: Digest of the code and configuration of this run.
        settled_rows: How many rows of the source are now older than the last run's `settled_before`.
    """
    if increment is None:
        return Span(None, replace=True, reason="it is computed whole each time")
    if last is None or (last.source_table, last.definition) != (source_table, definition):
        return Span(None, replace=True, reason=_outdated(last, source_table))
    since = settled_before(increment, last.until)
    if settled_rows != last.settled_rows:
        changed = f"the source has {settled_rows} rows before {since:%Y-%m-%d %H:%M} and had {last.settled_rows}"
        if increment.past_changed == "recompute":
            return Span(None, replace=True, reason=changed)
        return Span(since, replace=False, reason=f"{changed}, which was not asked to be computed again")
    return Span(since, replace=False, reason="new and late rows")


def _outdated(last: Progress | None, source_table: str) -> str:
    if last is None:
        return "nothing is recorded of an earlier run"
    if last.source_table != source_table:
        return f"the source was {last.source_table} before"
    return "the function of the table or its configuration has changed"


def wider(decided: Span, wanted: Span | None) -> Span:
    """Return what was decided or what somebody asks for, whichever is more: no new row may be passed over."""
    if wanted is None or decided.since is None:
        return decided
    return wanted if wanted.since is None or wanted.since < decided.since else decided


def asked(text: str) -> Span | None:
    """Return what somebody asks for: nothing, `all`, or an ISO 8601 time, in UTC unless it says otherwise.

    Raises:
        ValueError: It is none of these.
    """
    if not text:
        return None
    if text == "all":
        return Span(None, replace=True, reason="asked for")
    time = datetime.fromisoformat(text)
    since = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return Span(since, replace=False, reason="asked for")
