"""The table of rows that cannot be scored, each with the reason, until it changes or another model can score it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..errors import ProjectError
from ..sources.times import from_micros, micros, since
from ..tables import Tables

_MOST_REASONS = 5


@dataclass(frozen=True)
class Quarantine:
    """The rows of a project that cannot be scored at present.

    A row is identified by the hash of its columns: a row that has changed is another row.

    Attributes:
        tables: Reads and writes the table.
        name: Three-level name of the table.
        columns: The columns of a row.
        event_time: The one with the time of the prediction.
    """

    tables: Tables
    name: str
    columns: Sequence[str]
    event_time: str

    def divide(self, rows: DataFrame, version: str) -> tuple[DataFrame, DataFrame]:
        """Return the rows that are not in quarantine because of this version, and those that are, with the reason."""
        hashed = rows.withColumn("row_hash", self._hash())
        there = self.tables.read(self.name).where(F.col("model_version") == version).select("row_hash", "reason")
        others = hashed.join(there, ["row_hash"], "left_anti").drop("row_hash")
        return others, hashed.join(there, ["row_hash"]).drop("row_hash")

    def is_empty(self) -> bool:
        """Return whether no row is in quarantine."""
        return not self.tables.exists(self.name) or self.tables.read(self.name).limit(1).count() == 0

    def add(self, rows: DataFrame, version: str, run: str) -> None:
        """Put rows, which have a column `reason`, into quarantine, or note that they are still there in this run."""
        now = F.lit(datetime.now(UTC))
        added = {"model_version": F.lit(version), "scoring_run": F.lit(run), "quarantined_at": now}
        hashed = rows.select(*self.columns, "reason", self._hash().alias("row_hash")).withColumns(added)
        self.tables.merge(self.name, hashed.dropDuplicates(["row_hash"]), ["row_hash"], update=True)

    def release(self, run: str, from_time: datetime | None) -> None:
        """Delete the rows since this event time that the run has not found any more: they were scored, or are gone."""
        if not self.tables.exists(self.name):
            return
        condition = f"scoring_run <> '{run}'"
        if from_time is not None:
            condition += f" AND `{self.event_time}` >= TIMESTAMP '{from_time:%Y-%m-%d %H:%M:%S.%f}+00:00'"
        self.tables.delete(self.name, condition)

    def forget(self, rows: DataFrame, key: str) -> None:
        """Delete the rows with the keys of these rows, which have come again."""
        if not self.is_empty():
            self.tables.remove(self.name, rows.where(F.col(key).isNotNull()), [key])

    def of_run(self, run: str) -> tuple[int, str]:
        """Return how many rows a run has found or left in quarantine, and the most frequent reasons, with counts."""
        if not self.tables.exists(self.name):
            return 0, ""
        rows = self.tables.read(self.name).where(F.col("scoring_run") == run)
        counted = rows.groupBy(F.col("reason")).agg(F.count("*").alias("rows")).orderBy(F.desc("rows"), "reason")
        shown = [f"{row['rows']:,} {row['reason']}" for row in counted.limit(_MOST_REASONS).collect()]
        return rows.count(), "; ".join(shown)

    def oldest(self, now: datetime, retry_hours: float) -> datetime | None:
        """Return the oldest event time of a row that is to be looked for again."""
        if not self.tables.exists(self.name):
            return None
        recent = since(self.tables.read(self.name), self.event_time, now - timedelta(hours=retry_hours))
        earliest = recent.select(F.min(micros(self.event_time))).collect()[0][0]
        return None if earliest is None else from_micros(earliest)

    def _hash(self) -> Column:
        """Return a hash of the columns; a null is not the same as no column."""
        parts = [part for name in self.columns for part in (F.col(name), F.col(name).isNull())]
        return F.xxhash64(*parts)


def require_share(at_most: float, quarantined: int, searched: int, reasons: str, table: str) -> None:
    """Make sure that not more than a share of the rows is in quarantine.

    Raises:
        ProjectError: It is.
    """
    if quarantined > at_most * searched:
        raise ProjectError(
            f"{quarantined:,} of {searched:,} rows cannot be scored, more than inference.quarantine.at_most "
            f"({at_most:.0%}): {reasons}. They are in {table}, and the others were scored: correct the source or the "
            "model, then run the job again."
        )


def unusable(key: str, event_time: str) -> Column:
    """Return why a row cannot be scored whatever the model is; null if it can."""
    problems = [
        F.when(F.col(key).isNull(), F.lit(f"no value of {key}, which identifies a row")),
        F.when(F.col(event_time).isNull(), F.lit(f"no {event_time}, the time of the prediction")),
    ]
    return F.coalesce(*problems)
