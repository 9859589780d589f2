"""The table that records what each run of the feature tables has processed and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import functions as F

from ..sources.times import from_micros
from ..tables import Tables
from .incremental import Progress, Span

_COLUMNS = (
    "feature_table STRING, source_table STRING, definition STRING, until TIMESTAMP, settled_rows BIGINT, "
    "since TIMESTAMP, reason STRING, finished_at TIMESTAMP"
)
_MOST_SOURCES = 100  # of one feature table


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

    def last(self, feature_table: str) -> dict[str, Progress]:
        """Return what the last run of a feature table has processed, by the source's table.

        It is empty if there was no run, or if the feature table is gone.
        """
        if not self.tables.exists(self.name) or not self.tables.exists(f"{self.schema}.{feature_table}"):
            return {}
        runs = self.tables.read(self.name).where(F.col("feature_table") == feature_table)
        recent = runs.withColumn("micros", F.unix_micros("until")).orderBy(F.col("finished_at").desc())
        rows = recent.limit(_MOST_SOURCES).collect()
        newest = max((row["finished_at"] for row in rows), default=None)
        return {
            row["source_table"]: Progress(
                row["definition"], None if row["micros"] is None else from_micros(row["micros"]), row["settled_rows"]
            )
            for row in rows
            if row["finished_at"] == newest
        }

    def forget(self) -> None:
        """Forget all runs, so that the next one computes every row anew."""
        if self.tables.exists(self.name):
            self.tables.delete(self.name, "TRUE")

    def record(self, feature_table: str, progress: Mapping[str, Progress], span: Span) -> None:
        """Record a run after it has written its rows: one row for each source, all with the same `finished_at`."""
        now = datetime.now(UTC)
        rows = [
            (feature_table, source, seen.definition, seen.until, seen.settled, span.since, span.reason, now)
            for source, seen in progress.items()
        ]
        self.tables.append(self.name, self.tables.spark.createDataFrame(rows, _COLUMNS))
