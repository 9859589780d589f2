"""The inference log: every prediction of every model version, with its label once that is known."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..tables import Tables
from .log_columns import (
    BATCH,
    ENDPOINT,
    LABELLED_AT,
    LATENCY,
    LOG_ID,
    MODEL_NAME,
    MODEL_VERSION,
    ORIGIN,
    PREDICTION,
    PROBABILITIES,
    SCORED_AT,
    SCORING_RUN,
    STATUS,
    inputs,
    label_value,
    with_classes,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class InferenceLog:
    """The log of one model.

    Rows are never changed, except that a label is filled in or corrected. Every method may be repeated.

    Attributes:
        tables: Reads and writes the table.
        name: Its three-level name.
        config: The project's configuration.
    """

    tables: Tables
    name: str
    config: ProjectConfig

    def add_predictions(self, predictions_table: str) -> int:
        """Add the predictions of batch and streaming inference that are not in the log yet; return their number.

        Only rows that were scored at or after the newest one in the log are read.

        Raises:
            ProjectError: The predictions table lacks a column.
        """
        if not self.tables.exists(predictions_table):
            return 0
        scored = self.tables.read(predictions_table)
        key, event_time = self.config.spine.key, self.config.spine.event_time
        for name in (key, event_time, PREDICTION, MODEL_NAME, MODEL_VERSION, SCORED_AT):
            if name not in scored.columns:
                raise ProjectError(f"table {predictions_table} has no column {name}, which the inference log needs.")
        newest = self._newest(BATCH)
        if newest is not None:
            scored = scored.where(F.unix_micros(SCORED_AT) >= newest)
        chosen = [name for name in [key, event_time, *inputs(self.config)] if name in scored.columns]
        chosen += [name for name in (PREDICTION, PROBABILITIES) if name in scored.columns]
        identity = F.concat_ws(":", F.lit(BATCH), F.col(key).cast("string"), F.col(MODEL_VERSION).cast("string"))
        run = F.col(SCORING_RUN) if SCORING_RUN in scored.columns else F.lit(None)
        rows = with_classes(self.config, scored).select(
            identity.alias(LOG_ID),
            *(name for name in chosen if name != PROBABILITIES),
            *((PROBABILITIES,) if self.config.problem_type != "regression" else ()),
            MODEL_NAME,
            F.col(MODEL_VERSION).cast("string").alias(MODEL_VERSION),
            SCORED_AT,
            run.cast("string").alias(SCORING_RUN),
            F.lit(BATCH).alias(ORIGIN),
            F.lit(None).cast("int").alias(STATUS),
            F.lit(None).cast("double").alias(LATENCY),
        )
        return self.add(rows)

    def add(self, rows: DataFrame) -> int:
        """Add rows that are not in the log yet, by LOG_ID, without labels; return their number."""
        kind = "double" if self.config.problem_type == "regression" else "string"
        rows = rows.withColumns(
            {self.config.label: F.lit(None).cast(kind), LABELLED_AT: F.lit(None).cast("timestamp")}
        ).dropDuplicates([LOG_ID])
        before = self._count() if self.tables.exists(self.name) else 0
        self.tables.merge(self.name, rows, [LOG_ID], update=False)
        return self._count() - before

    def set_labels(self, labels: DataFrame, known_at: datetime) -> int:
        """Fill in labels, and correct those that have changed; return how many rows of the log were changed.

        Args:
            labels: The key of the spine, the label under the name of the configuration; optionally the event time, if
                a key alone does not identify a prediction, and LABELLED_AT, the time from which the label is known: of
                several labels the latest counts, whatever the order in which they arrive.
            known_at: The time that is recorded where the labels have none.

        Raises:
            ProjectError: Labels do not match the log by key and time.
        """
        if not self.tables.exists(self.name):
            return 0
        there = self.tables.read(self.name)
        changed = self._new_labels(there, labels, known_at)
        count = changed.count()
        if count:
            self.tables.merge(self.name, changed, [LOG_ID], update=True)
        return count

    def forget(self, keep_days: int, now: datetime) -> None:
        """Delete rows whose event time is older than `keep_days` days."""
        if self.tables.exists(self.name):
            oldest = now.astimezone(UTC) - timedelta(days=keep_days)
            column = self.config.spine.event_time
            self.tables.delete(self.name, f"`{column}` < TIMESTAMP '{oldest:%Y-%m-%d %H:%M:%S}+00:00'")

    def _new_labels(self, there: DataFrame, labels: DataFrame, known_at: datetime) -> DataFrame:
        """Return the rows of the log whose label is new or another one, with it."""
        label, by = self.config.label, [self.config.spine.key]
        if self.config.spine.event_time in labels.columns:
            by.append(self.config.spine.event_time)
        known_labels = labels.withColumn("_label", label_value(self.config, F.col(label))).where(
            F.col("_label").isNotNull()
        )
        known = F.col(LABELLED_AT) if LABELLED_AT in labels.columns else F.lit(known_at)
        known_labels = known_labels.withColumn("_known_at", F.coalesce(known.cast("timestamp"), F.lit(known_at)))
        latest = (
            known_labels.groupBy(*map(F.col, by))
            .agg(F.max(F.struct("_known_at", "_label")).alias("_last"))
            .select(*by, F.col("_last._known_at").alias("_known_at"), F.col("_last._label").alias("_label"))
        )
        joined = there.join(latest, by, "inner").where(
            F.col(label).isNull()
            | ((F.col(label) != F.col("_label")) & (F.col("_known_at") >= F.coalesce(LABELLED_AT, "_known_at")))
        )
        replaced = {label: F.col("_label"), LABELLED_AT: F.col("_known_at")}
        return joined.withColumns(replaced).select(*there.columns)

    def newest_request_time(self) -> int | None:
        """Return when the newest request in the log was served, in microseconds since 1970."""
        return self._newest(ENDPOINT)

    def _newest(self, origin: str) -> int | None:
        """Return when the newest row of an origin was scored, in microseconds since 1970."""
        if not self.tables.exists(self.name):
            return None
        rows = self.tables.read(self.name).where(F.col(ORIGIN) == origin)
        row = rows.agg(F.max(F.unix_micros(SCORED_AT)).alias("newest")).first()
        return None if row is None else row["newest"]

    def _count(self) -> int:
        return self.tables.read(self.name).count()
