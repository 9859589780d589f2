"""The table that records what each run of the feature tables has processed and written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import functions as F

from ..tables import Tables
from .incremental import Progress, Span
from .times import from_micros

_COLUMNS = (
    "feature_table STRING, source_table STRING, definition STRING, until TIMESTAMP, settled_rows BIGINT, "
    "since TIMESTAMP, reason STRING, finished_at TIMESTAMP"
)


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

    def last(self, feature_table: str) -> Progress | None:
        """Return what the last run of a feature table has processed; None if there was no run or the table is gone."""
        if not self.tables.exists(self.name) or not self.tables.exists(f"{self.schema}.{feature_table}"):
            return None
        runs = self.tables.read(self.name).where(F.col("feature_table") == feature_table)
        newest = runs.withColumn("micros", F.unix_micros("until")).orderBy(F.col("finished_at").desc()).first()
        if newest is None:
            return None
        seen = from_micros(newest["micros"])
        return Progress(newest["source_table"], newest["definition"], seen, newest["settled_rows"])

    def record(self, feature_table: str, progress: Progress, span: Span) -> None:
        """Record a run after it has written its rows."""
        row = (
            feature_table,
            progress.source_table,
            progress.definition,
            progress.until,
            progress.settled_rows,
            span.since,
            span.reason,
            datetime.now(UTC),
        )
        self.tables.append(self.name, self.tables.spark.createDataFrame([row], _COLUMNS))
