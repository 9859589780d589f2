"""Decides which part of the source a run of inference searches for rows without a prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..config.inference import NewRows
from ..features.incremental import Span, settled_before, wider
from ..sources.times import EPOCH
from .run_log import FORGOTTEN, Seen


def window(
    new_rows: NewRows | None, last: Mapping[str, Seen], definitions: Mapping[str, str], oldest: datetime | None
) -> Span:
    """Decide which rows a run searches if the user does not ask for more.

    Args:
        new_rows: How new rows are found; None to search all.
        last: What the last run has read, by source table; empty if no run is recorded.
        definitions: Digest of the code and settings of the rows, for the table of each source of this run.
        oldest: The oldest event time of a row in quarantine that is looked for again.
    """
    reason, times = _why_all(new_rows, last, definitions), []
    if new_rows is not None and not reason:
        times = [settled_before(new_rows, seen.until) for seen in last.values() if seen.until is not None]
    if not times:
        return Span(None, replace=False, reason=reason or "no source of the last run had a time")
    decided = Span(min(times), replace=False, reason="new and late rows")
    retried = (
        None if oldest is None else Span(oldest, replace=False, reason="new and late rows, and those in quarantine")
    )
    return wider(decided, retried)


def _why_all(new_rows: NewRows | None, last: Mapping[str, Seen], definitions: Mapping[str, str]) -> str:
    """Return why all rows must be searched, whatever times the last run has seen; empty if they need not."""
    if new_rows is None:
        return "inference.new_rows is not set"
    if not last:
        return "no earlier run is recorded"
    if last.keys() != definitions.keys():
        return f"the source of the last run was {' and '.join(sorted(last))}"
    if any(seen.definition == FORGOTTEN for seen in last.values()):
        return "the source has other rows than in earlier runs"
    if any(seen.definition != definitions[table] for table, seen in last.items()):
        return "features.spine or its configuration has changed"
    return ""


@dataclass(frozen=True)
class Part:
    """A part of the source by its time, from the first time on to before the second; None is open."""

    first: datetime | None
    before: datetime | None


def parts(rows_by_day: Mapping[int, int], most: int, since: datetime | None = None) -> list[Part]:
    """Return parts of whole days with at most this many rows, unless a single day has more; the last one is open.

    Args:
        rows_by_day: How many rows there are on each day, in days since 1970.
        most: How many rows a part should have at most.
        since: Where the first part begins; None if it is open.
    """
    complete, rows, first = [], 0, since
    for day in sorted(rows_by_day):
        if rows and rows + rows_by_day[day] > most:
            complete.append(Part(first, _midnight(day)))
            first, rows = _midnight(day), 0
        rows += rows_by_day[day]
    return [*complete, Part(first, None)]


def until(newest: datetime | None, now: datetime) -> datetime | None:
    """Return up to when a source has been read: a time in the future would hide the rows until then."""
    return None if newest is None else min(newest, now)


def _midnight(day: int) -> datetime:
    return EPOCH + timedelta(days=day)
