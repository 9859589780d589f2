"""Scores rows of `features.spine`: each gets one prediction, or goes to quarantine with the reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..feature_store.base import FeatureStore
from ..platform.base import Platform
from ..sources.times import micros
from .champion import Champion
from .isolate import Isolation
from .predictions import Between, Policy, Predictions
from .quarantine import Quarantine, unusable
from .scoring import score

_HOURS = 24  # by which the time of a row may be corrected after it was scored


@dataclass(frozen=True)
class Counts:
    """What was found in some rows.

    Attributes:
        rows: How many there are.
        usable: How many of them have a key and a time.
        keys: How many different keys these have.
        between: Their event times; None if there are none.
        predictions: How many predictions the run has made near these times so far.
    """

    rows: int
    usable: int
    keys: int
    between: Between | None
    predictions: int = 0


class Targets(Protocol):
    """Where a scorer reads features and writes its results: parameters of the tasks have these names."""

    @property
    def schema_name(self) -> str:
        """Two-level name of the schema of the feature tables."""

    @property
    def model_name(self) -> str:
        """Three-level name of the registered model."""

    @property
    def predictions_table(self) -> str:
        """Three-level name of the table of predictions."""

    @property
    def quarantine_table(self) -> str:
        """Three-level name of the table of rows that cannot be scored."""


@dataclass(frozen=True)
class Scorer:
    """Scores rows, in batches and streams alike.

    Attributes:
        settings: The configuration.
        store: The feature store.
        champion: The version that scores.
        predictions: The table of predictions.
        quarantine: The table of rows that cannot be scored.
        run: Identifies the run.
        policy: What happens to predictions of other versions.
    """

    settings: ProjectConfig
    store: FeatureStore
    champion: Champion
    predictions: Predictions
    quarantine: Quarantine
    run: str
    policy: Policy = "new"

    @classmethod
    def of(
        cls, settings: ProjectConfig, platform: Platform, targets: Targets, run: str, policy: Policy = "new"
    ) -> Scorer:
        """Return a scorer with the present champion.

        Raises:
            ProjectError: There is none.
        """
        spine, tables = settings.spine, platform.tables
        return cls(
            settings,
            platform.feature_store(targets.schema_name, settings.feature_tables),
            Champion.of(targets.model_name),
            Predictions(tables, targets.predictions_table, spine.key, spine.event_time),
            Quarantine(tables, targets.quarantine_table, settings.request, spine.event_time),
            run,
            policy,
        )

    @property
    def key(self) -> str:
        """The column that identifies a row."""
        return self.settings.spine.key

    @cached_property
    def had_predictions(self) -> bool:
        """Whether there were predictions before."""
        return self.predictions.exists()

    def process(self, rows: DataFrame) -> Counts:
        """Score the rows that need it; it may be repeated, also after it was interrupted.

        Raises:
            ProjectError: The champion needs a column that the rows lack, or fails on too many rows.
        """
        rows = rows.select(*self.settings.request)
        self.champion.require_columns(dict(rows.dtypes))
        if self.had_predictions:
            self.predictions.require_key(rows)
        counts = self._count(rows)
        usable = self._usable(rows, counts)
        if counts.between is None:
            return counts
        return replace(counts, predictions=self._score(usable, counts, counts.between.wider(_HOURS)))

    def _count(self, rows: DataFrame) -> Counts:
        event_time = self.settings.spine.event_time
        usable = unusable(self.key, event_time).isNull()
        (row,) = rows.agg(
            F.count("*").alias("rows"),
            F.count(F.when(usable, 1)).alias("usable"),
            F.count_distinct(F.when(usable, F.xxhash64(self.key))).alias("keys"),
            F.min(F.when(usable, micros(event_time))).alias("first"),
            F.max(F.when(usable, micros(event_time))).alias("last"),
        ).collect()
        between = Between.of_micros(row["first"], row["last"]) if row["usable"] else None
        return Counts(row["rows"], row["usable"], row["keys"], between)

    def _usable(self, rows: DataFrame, counts: Counts) -> DataFrame:
        """Return the rows with a time and a key of their own; the others go to quarantine."""
        reason = unusable(self.key, self.settings.spine.event_time)
        if counts.usable < counts.rows:
            self._put_away(rows.withColumn("reason", reason).where(F.col("reason").isNotNull()))
            rows = rows.where(reason.isNull())
        if counts.keys < counts.usable:
            keys = rows.groupBy(F.col(self.key)).agg(F.count("*").alias("n")).where("n > 1").select(self.key)
            why = f"the same {self.key} as another row"
            self._put_away(rows.join(keys, [self.key], "left_semi").withColumn("reason", F.lit(why)))
            rows = rows.join(keys, [self.key], "left_anti")
        return rows

    def _score(self, rows: DataFrame, counts: Counts, between: Between) -> int:
        """Score the rows that need it; return how many predictions the run has made of these times."""
        expected = counts.usable
        fresh = not self.had_predictions and self.quarantine.is_empty()
        if not fresh or counts.keys < counts.usable:
            rows, expected = self._without_those_done(rows, between)
        before = self.count_predictions(between)
        if not expected:
            return before
        isolation = Isolation(self.key, lambda part: self._attempt(part, between))
        try:
            isolation.run(rows)
        finally:
            for row, why in isolation.failures:
                self._put_away(row.withColumn("reason", F.lit(why)))
        after = self.count_predictions(between)
        if after - before + len(isolation.failures) < expected:
            left, _ = self._without_those_done(rows, between)
            self._put_away(left.withColumn("reason", F.lit("the model predicts no finite number")))
        return after

    def _without_those_done(self, rows: DataFrame, between: Between) -> tuple[DataFrame, int]:
        """Return the rows without a prediction that are not in quarantine, and how many there are."""
        rows = self.predictions.lacking(rows, between, None if self.policy == "new" else self.champion.version)
        if not self.quarantine.is_empty():
            rows, known = self.quarantine.divide(rows, self.champion.version)
            self._put_away(known)
        return rows, rows.count()

    def _attempt(self, rows: DataFrame, between: Between) -> None:
        scored = score(self.settings, self.store, self.champion, rows, self.run)
        scored = scored.where(F.col("prediction").isNotNull())
        self.predictions.write(scored, rows, between, self.champion.version, self.policy)

    def count_predictions(self, between: Between) -> int:
        """Return how many predictions of these times the run has made."""
        return self.predictions.of_run(self.run, between).count() if self.predictions.exists() else 0

    def _put_away(self, rows: DataFrame) -> None:
        self.quarantine.add(rows, self.champion.version, self.run)
