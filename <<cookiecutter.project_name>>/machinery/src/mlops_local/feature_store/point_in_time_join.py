"""The point-in-time join: finds, for each row, the newest features of its keys that were known at its time."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from .typed_frame import TypedFrame

TIME = "__time"
_SIDE, _FOUND = "__side", "__found"


def as_of_join(  # noqa: PLR0913, PLR0917 - the parts of a single operation
    spine: TypedFrame,
    features: TypedFrame,
    keys: Sequence[str],
    event_time: str,
    names: Sequence[str],
    lookback_hours: float | None,
) -> TypedFrame:
    """Join each spine row with the newest feature row of its keys at or before its event time.

    The rows of both sides are combined and sorted by key and time. Each spine row takes the time of the last feature
    row before it, and the features are then joined by key and that time. This needs one sort and one equality join,
    while a range join would take quadratic time for each key.

    Args:
        spine: Rows to keep, with the keys and the event time. Rows without a time are left out, as the Databricks
            client does.
        features: Columns: the keys, `TIME`, and the features. Keys and time are unique, and keys are not null.
        keys: Names of the keys, on both sides.
        event_time: The time column of the spine; a feature row with the same time is included.
        names: The features to add.
        lookback_hours: The maximum age of a feature row, inclusive; None for no limit.
    """
    time, nothing = F.col(event_time).alias(TIME), F.lit(None).cast(features.schema[TIME].dataType).alias(_FOUND)
    left = spine.frame.where(F.col(event_time).isNotNull()).select("*", time, F.lit(1).alias(_SIDE), nothing)
    empty = [F.lit(None).cast(field.dataType).alias(field.name) for field in spine.schema if field.name not in keys]
    right = features.frame.select(*keys, *empty, TIME, F.lit(0).alias(_SIDE), F.col(TIME).alias(_FOUND))
    above = Window.partitionBy(*keys).orderBy(TIME, _SIDE).rowsBetween(Window.unboundedPreceding, Window.currentRow)
    newest = F.last(_FOUND, ignorenulls=True).over(above)
    stamped = left.unionByName(right).withColumn(_FOUND, newest).where(F.col(_SIDE) == 1)
    fresh = stamped.withColumn(_FOUND, F.when(_is_fresh(lookback_hours), F.col(_FOUND)))
    by = [*keys, _FOUND]
    joined = fresh.join(features.frame.withColumnRenamed(TIME, _FOUND).select(*by, *names), by, "left")
    return _joined(spine, features, joined, names)


def equal_join(spine: TypedFrame, features: TypedFrame, keys: Sequence[str], names: Sequence[str]) -> TypedFrame:
    """Join each spine row with the feature row of its keys; the keys of the features must be unique."""
    joined = spine.frame.join(features.frame.select(*keys, *names), list(keys), "left")
    return _joined(spine, features, joined, names)


def _joined(spine: TypedFrame, features: TypedFrame, joined: DataFrame, names: Sequence[str]) -> TypedFrame:
    schema = StructType([*spine.schema.fields, *features.only(names).fields])
    return TypedFrame(joined.select(*schema.names), schema)


def _is_fresh(lookback_hours: float | None) -> Column:
    """Return whether the feature row is not older than the lookback."""
    if lookback_hours is None:
        return F.lit(True)  # noqa: FBT003 - a literal of Spark
    micros = round(lookback_hours * 3_600_000_000)
    return F.unix_micros(F.col(TIME)) - F.unix_micros(F.col(_FOUND)) <= F.lit(micros)
