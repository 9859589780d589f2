"""The rows that a run of inference looks at: those of the part of the source that may have changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..config.inference import NewRows
from ..features.definition import definition_digest
from ..features.incremental import Span
from ..project import Project
from ..sources.sources import Sources
from ..sources.times import before, micros, newest
from ..training import training_set
from .run_log import Seen
from .window import Part, parts, until, window

_DAY = 86_400_000_000  # microseconds


@dataclass(frozen=True)
class Search:
    """Reads the sources of `features.spine` from a time on, in parts.

    Attributes:
        project: The project.
        sources: The source tables.
        now: The time of the run.
    """

    project: Project
    sources: Sources
    now: datetime

    @property
    def new_rows(self) -> NewRows | None:
        """How new rows are found."""
        return self.project.config.inference.new_rows

    @property
    def times(self) -> Mapping[str, str]:
        """The time columns of the sources, by name."""
        return {} if self.new_rows is None else self.new_rows.times(self.project.config.spine_sources)

    def seen(self) -> dict[str, Seen]:
        """Return what this run reads, by source table; it must be called before the rows are read."""
        config = self.project.config
        definition = definition_digest(self.project.spine, config.spine)
        progress = {}
        for name in config.spine_sources:
            time = newest(self.sources.frame(name), self.times[name]) if name in self.times else None
            progress[self.sources.names[name]] = Seen(definition, until(time, self.now))
        return progress

    def span(self, seen: Mapping[str, Seen], last: Mapping[str, Seen], oldest: datetime | None) -> Span:
        """Return which rows are searched; see `window`."""
        return window(self.new_rows, last, {table: progress.definition for table, progress in seen.items()}, oldest)

    def rows(self, since: datetime | None, most: int) -> Iterator[DataFrame]:
        """Yield the rows of `features.spine` since a time, in parts of about this many source rows.

        Only rows of a single source with a time, which do not look back, can be computed in parts.
        """
        window_hours = 0.0 if self.new_rows is None else self.new_rows.window_hours
        source_since = None if since is None else since - timedelta(hours=window_hours)
        frames = {name: self.sources.frame(name) for name in self.project.config.spine_sources}
        for part in self._parts(frames, source_since, 0 if window_hours else most):
            taken = {name: self._within(name, frame, part) for name, frame in frames.items()}
            rows = training_set.rows_to_predict(self.project, taken, self.sources.names)
            if window_hours and since is not None:
                rows = rows.where(_in(self.project.config.spine.event_time, Part(since, None), unknown=True))
            yield rows

    def _parts(self, frames: Mapping[str, DataFrame], since: datetime | None, most: int) -> list[Part]:
        whole = Part(since, None)
        if not most or len(self.times) != 1:
            return [whole]
        ((name, column),) = self.times.items()
        day = F.floor(micros(column) / F.lit(_DAY)).alias("day")
        counted = frames[name].where(_in(column, whole, unknown=False)).groupBy(day).agg(F.count("*").alias("rows"))
        return parts({row["day"]: row["rows"] for row in counted.collect()}, most, since)

    def _within(self, name: str, frame: DataFrame, part: Part) -> DataFrame:
        if name not in self.times or part == Part(None, None):
            return frame
        return frame.where(_in(self.times[name], part, unknown=part.before is None))


def _in(column: str, part: Part, *, unknown: bool) -> Column:
    """Return whether a time lies in the part; rows without a time belong to it if `unknown` is set."""
    known = F.lit(True)  # noqa: FBT003 - a literal of Spark
    if part.first is not None:
        known &= ~before(column, part.first)
    if part.before is not None:
        known &= before(column, part.before)
    return known | F.col(column).isNull() if unknown else known & F.col(column).isNotNull()
