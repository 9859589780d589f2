"""What a run computes of one feature table: the rows to write, why, and the progress to record afterwards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..config.features import FeatureTable, Increment
from ..sources.sources import Sources
from ..sources.times import before, newest, since, until
from . import incremental
from .definition import definition_digest
from .incremental import Progress, Span

Compute = Callable[..., DataFrame]


@dataclass(frozen=True)
class Computation:
    """The rows of a feature table to write, and the progress to record, by source table, once they are written."""

    name: str
    frame: DataFrame
    span: Span
    progress: Mapping[str, Progress]


def computation(  # noqa: PLR0913, PLR0917 - what a run knows about one table
    name: str,
    table: FeatureTable,
    compute: Compute,
    sources: Sources,
    read: Sequence[str],
    last: Mapping[str, Progress],
    wanted: Span | None,
) -> Computation:
    """Decide which rows of a feature table to compute, and define them.

    Features that are numbers are written as doubles, because models get doubles.

    Args:
        name: The feature table.
        table: Its configuration.
        compute: Its function, which takes the frames of the sources that it reads.
        sources: The source tables of the run.
        read: The names of the sources that the function takes, in order.
        last: What the last run has processed, by source table.
        wanted: The rows that the user asked for, if any.
    """

    def compute_doubles(*frames: DataFrame) -> DataFrame:
        frame = compute(*frames)
        return numbers_as_doubles(frame, set(frame.columns) - set(table.primary_keys))

    increment, frames = table.increment, sources.frames(read)
    if increment is None:
        whole = incremental.span(None, {}, {}, "")
        return Computation(name, compute_doubles(*frames), whole, {})
    times = increment.times(read)
    seen = [_Seen(sources.names[source], frame, times.get(source)) for source, frame in zip(read, frames, strict=True)]
    definition = definition_digest(compute, table)
    settled = {source.table: source.settled_rows(increment, last.get(source.table)) for source in seen}
    chosen = incremental.wider(incremental.span(increment, last, settled, definition), wanted)
    from_time = chosen.source_since(increment)
    frame = compute_doubles(*[since(source.frame, source.time, from_time) for source in seen])
    frame = since(frame, table.event_time, chosen.since)
    progress = _progress(seen, increment, definition)
    # A window that ends after the newest source row is not complete: a later run computes it.
    reached = max((each.until for each in progress.values() if each.until is not None), default=None)
    return Computation(name, until(frame, table.event_time, reached), chosen, progress)


@dataclass(frozen=True)
class _Seen:
    """A source of the run: its table, its rows, and its time column, if the increment names one."""

    table: str
    frame: DataFrame
    time: str | None

    @cached_property
    def digest(self) -> int:
        """A number that changes with the rows, but not with their order; it is computed in one scan, once a run."""
        part = F.xxhash64(*self.frame.columns).bitwiseAND(F.lit(0x7FFFFFFF))
        return int(self.frame.select(F.coalesce(F.sum(part), F.lit(0))).collect()[0][0])

    def settled_rows(self, increment: Increment, last: Progress | None) -> int | None:
        """Return what `Progress.settled` would now be for the time of the last run."""
        if last is None:
            return None
        if self.time is None:
            return self.digest
        if last.until is None:
            return None
        return self.frame.where(before(self.time, incremental.settled_before(increment, last.until))).count()


def _progress(seen: Sequence[_Seen], increment: Increment, definition: str) -> dict[str, Progress]:
    """Return the progress on each source; empty if a source with a time has no rows, so that the next run starts anew.

    The rows are counted before the feature rows are written: rows that arrive in between are found by the next run.
    """
    progress: dict[str, Progress] = {}
    for source in seen:
        if source.time is None:
            progress[source.table] = Progress(definition, None, source.digest)
            continue
        last = newest(source.frame, source.time)
        if last is None:
            return {}
        rows = source.frame.where(before(source.time, incremental.settled_before(increment, last))).count()
        progress[source.table] = Progress(definition, last, rows)
    return progress


_NUMBERS = {"tinyint", "smallint", "int", "bigint", "float"}


def is_number(kind: str) -> bool:
    """Return whether a Spark type is one of numbers other than double."""
    return kind in _NUMBERS or kind.startswith("decimal")


def numbers_as_doubles(frame: DataFrame, columns: Collection[str]) -> DataFrame:
    """Return the frame with those of these columns that are numbers as doubles; 64-bit integers are then rounded."""
    numbers = {name for name, kind in frame.dtypes if name in columns and is_number(kind)}
    if not numbers:
        return frame
    return frame.select(
        *[F.col(name).cast("double").alias(name) if name in numbers else name for name in frame.columns]
    )
