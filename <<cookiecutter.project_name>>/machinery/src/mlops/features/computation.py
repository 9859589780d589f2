"""What a run computes of one feature table: the rows to write, why, and the progress to record afterwards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..config.features import FeatureTable, Increment
from ..sources.sources import Sources
from ..sources.times import before, from_micros, micros, since, until
from . import incremental
from .definition import definition_digest
from .incremental import Progress, Span

Compute = Callable[..., DataFrame]

_HOUR = 3_600_000_000  # in microseconds
_NEWEST, _TIME, _THEN = "__newest", "__time", "__then"


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
    look: Look,
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
        look: Counts the rows of the sources, once for all feature tables of a run.
    """

    def compute_doubles(*frames: DataFrame) -> DataFrame:
        frame = compute(*frames)
        return numbers_as_doubles(frame, set(frame.columns) - set(table.primary_keys))

    increment, frames = table.increment, sources.frames(read)
    if increment is None:
        whole = incremental.span(None, {}, {}, "")
        return Computation(name, compute_doubles(*frames), whole, {})
    times = increment.times(read)
    seen = [Seen(sources.names[source], frame, times.get(source)) for source, frame in zip(read, frames, strict=True)]
    definition = definition_digest(compute, table)
    progress, settled = look(seen, increment, last, definition)
    chosen = incremental.wider(incremental.span(increment, last, settled, definition), wanted)
    from_time = chosen.source_since(increment)
    frame = compute_doubles(*[since(source.frame, source.time, from_time) for source in seen])
    frame = since(frame, table.event_time, chosen.since)
    # A window that ends after the newest source row is not complete: a later run computes it.
    reached = max((each.until for each in progress.values() if each.until is not None), default=None)
    return Computation(name, until(frame, table.event_time, reached), chosen, progress)


@dataclass(frozen=True)
class Seen:
    """A source of the run: its table, its rows, and its time column, if the increment names one."""

    table: str
    frame: DataFrame
    time: str | None

    @property
    def digest(self) -> int:
        """A number that changes with the rows, but not with their order; computed in one scan."""
        part = F.xxhash64(*self.frame.columns).bitwiseAND(F.lit(0x7FFFFFFF))
        return int(self.frame.select(F.coalesce(F.sum(part), F.lit(0))).collect()[0][0])

    def counted(self, increment: Increment, last: Progress | None) -> Counted:
        """Return what is known of the rows of a source with a time, in one request."""
        time = micros(str(self.time))
        late = F.lit(round(increment.late_hours * _HOUR))
        until = None if last is None else last.until
        then = None if until is None else before(str(self.time), incremental.settled_before(increment, until))
        newest = self.frame.agg(F.max(time).alias(_NEWEST))
        (row,) = (
            self.frame.select(time.alias(_TIME), (F.lit(None) if then is None else then).cast("boolean").alias(_THEN))
            .crossJoin(newest)
            .agg(
                F.max(_NEWEST).alias("newest"),
                F.count(F.when(F.col(_TIME) < F.col(_NEWEST) - late, 1)).alias("settled"),
                F.count(F.when(F.col(_THEN), 1)).alias("settled_then"),
            )
            .collect()
        )
        at = None if row["newest"] is None else from_micros(row["newest"])
        return Counted(at, row["settled"], None if then is None else row["settled_then"])


@dataclass(frozen=True)
class Counted:
    """What a run knows of a source with a time.

    Attributes:
        newest: The newest time; None if there is none.
        settled: How many rows are older than `settled_before` of that time.
        settled_then: The same for the newest time that the last run saw; None if it saw none.
    """

    newest: datetime | None
    settled: int
    settled_then: int | None


@dataclass
class Look:
    """Counts the rows of sources, each once a run, although several feature tables read it.

    The rows are counted before the feature rows are written: rows that arrive in between are found by the next run.
    """

    _counted: dict[tuple[str, str | None, float, datetime | None], Counted] = field(default_factory=dict)
    _digests: dict[str, int] = field(default_factory=dict)

    def __call__(
        self, seen: Sequence[Seen], increment: Increment, last: Mapping[str, Progress], definition: str
    ) -> tuple[dict[str, Progress], dict[str, int | None]]:
        """Return the progress on each source, and what `Progress.settled` would now be for the time of the last run.

        The progress is empty if a source with a time has no rows, so that the next run starts anew.
        """
        progress: dict[str, Progress] = {}
        settled: dict[str, int | None] = {}
        empty = False
        for source in seen:
            there = last.get(source.table)
            if source.time is None:
                if source.table not in self._digests:
                    self._digests[source.table] = source.digest
                digest = self._digests[source.table]
                progress[source.table] = Progress(definition, None, digest)
                settled[source.table] = None if there is None else digest
                continue
            key = (source.table, source.time, increment.late_hours, None if there is None else there.until)
            if key not in self._counted:
                self._counted[key] = source.counted(increment, there)
            counted = self._counted[key]
            settled[source.table] = counted.settled_then
            empty = empty or counted.newest is None
            progress[source.table] = Progress(definition, counted.newest, counted.settled)
        return ({} if empty else progress), settled


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
