"""The table that records what each run of inference has read, scored and quarantined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..features.incremental import Span
from ..sources.times import from_micros, since
from ..tables import Tables, frame_of
from .champion import Champion
from .predictions import Between

_COLUMNS: Mapping[str, str] = {
    "scoring_run": "string",
    "predictions_table": "string",
    "source_table": "string",
    "definition": "string",
    "until": "timestamp",
    "since": "timestamp",
    "reason": "string",
    "model_name": "string",
    "model_version": "string",
    "rows_searched": "bigint",
    "rows_scored": "bigint",
    "rows_quarantined": "bigint",
    "quarantine_reasons": "string",
    "first_event": "timestamp",
    "last_event": "timestamp",
    "started_at": "timestamp",
    "finished_at": "timestamp",
}
_KEYS = ("scoring_run", "predictions_table", "source_table")
_MADE: Mapping[str, str] = {
    "scoring_run": "string",
    "finished_at": "timestamp",
    "first": "bigint",
    "last": "bigint",
}
_MOST_SOURCES = 100
FORGOTTEN = ""  # the definition of a run whose source has been replaced


@dataclass(frozen=True)
class Seen:
    """What a run has read of a source.

    Attributes:
        definition: Digest of `features.spine` and its settings, or `FORGOTTEN`.
        until: The newest time in the source; None if no time of this source is known.
    """

    definition: str
    until: datetime | None


@dataclass(frozen=True)
class Scored:
    """What a run has done.

    Attributes:
        run: Identifies the run.
        champion: The version that scored.
        span: Which rows it looked at, and why.
        searched: How many rows it looked at.
        scored: How many predictions it made.
        quarantined: How many rows it could not score.
        reasons: The most frequent reasons, with counts.
        between: The event times of the rows; None if there were none.
        started_at: When it started.
    """

    run: str
    champion: Champion
    span: Span
    searched: int
    scored: int
    quarantined: int
    reasons: str
    between: Between | None
    started_at: datetime


def inference_runs(schema: str) -> str:
    """Return the three-level name of the table of a schema (two-level name)."""
    return f"{schema}.inference_runs"


def forget_progress(tables: Tables, schema: str) -> None:
    """Let the next run search all rows, although earlier runs stay on record."""
    name = inference_runs(schema)
    if tables.exists(name):
        tables.update(name, f"definition = '{FORGOTTEN}'")


@dataclass(frozen=True)
class InferenceRuns:
    """The runs of inference of one schema: a row for each run and source.

    Attributes:
        tables: Reads and writes the table.
        schema: Two-level name of the schema.
        predictions_table: The table that the runs write.
    """

    tables: Tables
    schema: str
    predictions_table: str

    @property
    def name(self) -> str:
        """Three-level name of the table."""
        return inference_runs(self.schema)

    def last(self, run: str) -> dict[str, Seen]:
        """Return what the last run before this one has read, by source table; empty if the predictions are gone.

        A run that was killed after it was recorded, and is run again, searches the same rows again.
        """
        if not self.tables.exists(self.name) or not self.tables.exists(self.predictions_table):
            return {}
        runs = self.tables.read(self.name).where(F.col("predictions_table") == self.predictions_table)
        runs = runs.where(F.col("scoring_run") != run)
        recent = runs.withColumn("micros", F.unix_micros("until")).orderBy(F.col("finished_at").desc())
        rows = recent.limit(_MOST_SOURCES).collect()
        return {
            row["source_table"]: Seen(row["definition"], None if row["micros"] is None else from_micros(row["micros"]))
            for row in rows
            if row["scoring_run"] == rows[0]["scoring_run"]
        }

    def since(self, started: datetime, stream: str) -> tuple[int, int, int, str]:
        """Return the rows searched, scored and quarantined by a stream since a time, and the reasons."""
        if not self.tables.exists(self.name):
            return 0, 0, 0, ""
        runs = since(self.tables.read(self.name), "started_at", started)
        runs = runs.where(F.col("scoring_run").startswith(f"{stream}-"))
        counts = [F.sum(f"rows_{name}") for name in ("searched", "scored", "quarantined")]
        (row,) = runs.agg(*counts, F.collect_set("quarantine_reasons")).collect()
        reasons = "; ".join(sorted(filter(None, row[3])))
        return row[0] or 0, row[1] or 0, row[2] or 0, reasons

    def with_predictions(self) -> DataFrame:
        """Return the runs that made predictions: their id, end, and event times (`first`, `last`, microseconds)."""
        if not self.tables.exists(self.name):
            return frame_of(self.tables.spark, [], _MADE)
        runs = self.tables.read(self.name).where(
            (F.col("predictions_table") == self.predictions_table) & (F.col("rows_scored") > 0)
        )
        times = F.unix_micros("first_event").alias("first"), F.unix_micros("last_event").alias("last")
        return runs.select("scoring_run", "finished_at", *times).dropDuplicates(["scoring_run"])

    def record(self, done: Scored, seen: Mapping[str, Seen]) -> None:
        """Record a run after it has written its rows; recording the same run again replaces it."""
        now, champion, between = datetime.now(UTC), done.champion, done.between
        times = (None, None) if between is None else (between.first, between.last)
        counts = (done.searched, done.scored, done.quarantined, done.reasons, *times, done.started_at, now)
        facts = (done.span.since, done.span.reason, champion.name, champion.version, *counts)
        rows = [
            (done.run, self.predictions_table, source, progress.definition, progress.until, *facts)
            for source, progress in seen.items()
        ]
        self.tables.merge(self.name, frame_of(self.tables.spark, rows, _COLUMNS), list(_KEYS), update=True)
