"""The table that records what each run of the feature tables has processed and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import Window
from pyspark.sql import functions as F

from ..sources.times import from_micros
from ..tables import Tables, frame_of
from .incremental import Progress, Span

_COLUMNS: Mapping[str, str] = {
    "feature_table": "string",
    "source_table": "string",
    "definition": "string",
    "until": "timestamp",
    "settled_rows": "bigint",
    "since": "timestamp",
    "reason": "string",
    "finished_at": "timestamp",
}


@dataclass(frozen=True)
class FeatureRuns:
    """The runs of the feature tables of one schema.

    Attributes:
        tables: Reads and writes the table.
        schema: Two-level name of the schema.
    """

    tables: Tables
    schema: str

    @property
    def name(self) -> str:
        """Three-level name of the table."""
        return f"{self.schema}.feature_runs"

    def last(self, feature_tables: Sequence[str]) -> dict[str, dict[str, Progress]]:
        """Return what the last run of each feature table has processed, by the feature table and the source's table.

        It is empty for one that no run has written, or that is gone.
        """
        last: dict[str, dict[str, Progress]] = {name: {} for name in feature_tables}
        if not self.tables.exists(self.name):
            return last
        runs = self.tables.read(self.name).where(F.col("feature_table").isin(*feature_tables))
        newest = F.max("finished_at").over(Window.partitionBy("feature_table"))
        recent = runs.withColumn("newest", newest).where("finished_at = newest")
        for row in recent.withColumn("micros", F.unix_micros("until")).collect():
            if self.tables.exists(f"{self.schema}.{row['feature_table']}"):
                until = None if row["micros"] is None else from_micros(row["micros"])
                progress = Progress(row["definition"], until, row["settled_rows"])
                last[row["feature_table"]][row["source_table"]] = progress
        return last

    def forget(self) -> None:
        """Forget all runs, so that the next one computes every row anew."""
        if self.tables.exists(self.name):
            self.tables.delete(self.name, "TRUE")

    def record(self, done: Iterable[tuple[str, Mapping[str, Progress], Span]]) -> None:
        """Record a run after it has written its rows: for each feature table, one row for each source.

        A run that ends before has recorded nothing, so that the next one computes the same rows again.
        """
        now = datetime.now(UTC)
        rows = [
            (feature_table, source, seen.definition, seen.until, seen.settled, span.since, span.reason, now)
            for feature_table, progress, span in done
            for source, seen in progress.items()
        ]
        if not rows:
            return
        self.tables.append(self.name, frame_of(self.tables.spark, rows, _COLUMNS))
