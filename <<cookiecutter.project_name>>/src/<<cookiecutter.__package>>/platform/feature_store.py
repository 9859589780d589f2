"""Feature tables on plain Spark: point-in-time joins that scale with the data, without a feature-store client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark user knows

from ..config import FeatureTable, Lookup
from ..tables import Tables

_TIME, _SIDE, _FOUND = "__time", "__side", "__found"


@dataclass(frozen=True)
class SparkFeatureStore:
    """The feature tables of one schema.

    Attributes:
        tables: Where they are read and written.
        schema: Two-level name of the schema.
        feature_tables: The declared feature tables, by name.
    """

    tables: Tables
    schema: str
    feature_tables: dict[str, FeatureTable]

    def write_table(self, name: str, frame: DataFrame, table: FeatureTable) -> None:
        """Insert and update feature rows by keys and event time; create the table if there is none."""
        self.tables.merge(f"{self.schema}.{name}", frame, (*table.keys, table.event_time), update=True)

    def training_set(self, spine: DataFrame, event_time: str, lookups: Sequence[Lookup]) -> DataFrame:
        """Return the spine with the looked-up features: no row more or less, null where nothing is found."""
        return reduce(lambda rows, lookup: self._look_up(rows, event_time, lookup), lookups, spine)

    def score_batch(self, model_uri: str, frame: DataFrame, features: Sequence[str], result_type: str) -> DataFrame:
        """Return the frame with a column `prediction`, of the given Spark type, computed on Spark's workers."""
        import mlflow.pyfunc  # noqa: PLC0415 - takes seconds, which joins need not wait for

        model = mlflow.pyfunc.spark_udf(frame.sparkSession, model_uri, result_type=result_type, env_manager="local")
        return frame.withColumn("prediction", model(F.struct(*[F.col(name) for name in features])))

    def _look_up(self, spine: DataFrame, event_time: str, lookup: Lookup) -> DataFrame:
        table = self.feature_tables[lookup.table]
        features = self.tables.read(f"{self.schema}.{lookup.table}")
        renamed = features.select(
            *[F.col(old).alias(new) for old, new in zip(table.keys, lookup.keys, strict=True)],
            F.col(table.event_time).alias(_TIME),
            *lookup.features,
        )
        return as_of_join(spine, renamed, lookup.keys, event_time, lookup.features, lookup.lookback_hours)


def as_of_join(  # noqa: PLR0913, PLR0917 - the parts of one operation
    spine: DataFrame,
    features: DataFrame,
    keys: Sequence[str],
    event_time: str,
    names: Sequence[str],
    lookback_hours: int | None,
) -> DataFrame:
    """Join each spine row with the newest feature row of its keys at or before its event time.

    Both sides are laid over one another, ordered by key and time, and each spine row takes the last feature row above
    it: one sort, linear in the rows, where a range join would be quadratic for each key.

    Args:
        spine: Rows to keep, with the keys and the event time.
        features: Columns: the keys, `__time`, and the features; unique by keys and time, keys not null.
        keys: Names of the keys, on both sides.
        event_time: The spine's time; a feature row of the same time is seen.
        names: The features to add.
        lookback_hours: How old a feature row may be, bound included; None for any age.
    """
    found = F.struct(F.col(_TIME), *[F.col(name) for name in names])
    found_type = features.select(found.alias(_FOUND)).schema[_FOUND].dataType
    time, nothing = F.col(event_time).alias(_TIME), F.lit(None).cast(found_type).alias(_FOUND)
    left = spine.select("*", time, F.lit(1).alias(_SIDE), nothing)
    empty = [F.lit(None).cast(field.dataType).alias(field.name) for field in spine.schema if field.name not in keys]
    right = features.select(*keys, *empty, _TIME, F.lit(0).alias(_SIDE), found.alias(_FOUND))
    above = Window.partitionBy(*keys).orderBy(_TIME, _SIDE).rowsBetween(Window.unboundedPreceding, Window.currentRow)
    newest = F.last(_FOUND, ignorenulls=True).over(above)
    filled = left.unionByName(right).withColumn(_FOUND, newest).where(F.col(_SIDE) == 1)
    fresh = _fresh(lookback_hours)
    taken = [F.when(fresh, F.col(f"{_FOUND}.{name}")).alias(name) for name in names]
    return filled.select(*spine.columns, *taken)


def _fresh(lookback_hours: int | None) -> Column:
    """Whether the feature row found is young enough."""
    if lookback_hours is None:
        return F.lit(True)  # noqa: FBT003 - a literal of Spark
    micros = lookback_hours * 3_600_000_000
    return F.unix_micros(F.col(_TIME)) - F.unix_micros(F.col(f"{_FOUND}.{_TIME}")) <= F.lit(micros)
