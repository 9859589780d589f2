"""Property tests of lookups: for any rows, they match a comparison of every pair of rows, and use nothing later."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mlops.config.features import FeatureSet, FeatureTable, Lookup
from mlops_local.feature_store.feature_store import LocalFeatureStore
from mlops_local.platform import LocalPlatform

START = datetime(2024, 3, 30, tzinfo=UTC)  # clocks change on the next day in much of the world
TABLE = FeatureTable(keys=("zone", "kind"), event_time="at")

_times = st.integers(0, 30).map(lambda hours: START + timedelta(hours=hours))
_zones, _kinds = st.integers(0, 1), st.sampled_from("ab")
_features = st.lists(
    st.tuples(_zones, _kinds, _times, st.one_of(st.none(), st.integers(0, 99).map(float))),
    max_size=30,
    unique_by=lambda row: row[:3],
)
_spine = st.lists(st.tuples(st.one_of(st.none(), _zones), _kinds, _times), min_size=1, max_size=30)
_lookbacks = st.one_of(st.none(), st.integers(1, 30).map(float))


def expected(
    row: tuple[Any, ...], features: list[tuple[Any, ...]], lookback: float | None
) -> tuple[float | None, datetime | None]:
    """Return the value and the time of the newest feature row of the keys that is neither later nor too old."""
    oldest = START - timedelta(days=9) if lookback is None else row[2] - timedelta(hours=lookback)
    seen = [one for one in features if one[:2] == row[:2] and oldest <= one[2] <= row[2]]
    newest = max(seen, key=lambda one: one[2], default=(None, None, None, None))
    return newest[3], newest[2]


def looked_up(store: LocalFeatureStore, spine: DataFrame, lookback: float | None) -> list[Any]:
    lookup = Lookup(table="pairs", keys=("zone", "kind"), features=("x", "seen"), lookback_hours=lookback)
    rows = store.training_set(spine, FeatureSet(event_time="t", inputs=(), lookups=(lookup,)), {}, "n").rows
    return sorted(rows.withColumn("seen", F.unix_micros("seen")).collect(), key=lambda row: row.n)


@pytest.fixture(scope="module")
def store(platform: LocalPlatform) -> LocalFeatureStore:
    platform.spark.sql("CREATE SCHEMA IF NOT EXISTS dev.point_in_time").collect()
    return LocalFeatureStore(platform.tables, "dev.point_in_time", {"pairs": TABLE}, platform.folder)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(features=_features, spine=_spine, lookback=_lookbacks)
def test_each_row_gets_the_newest_features_that_are_neither_later_nor_too_old(
    store: LocalFeatureStore,
    features: list[tuple[Any, ...]],
    spine: list[tuple[Any, ...]],
    lookback: float | None,
) -> None:
    spark = store.tables.spark
    columns = "zone INT, kind STRING, at TIMESTAMP, x DOUBLE, seen TIMESTAMP"
    store.write_table("pairs", spark.createDataFrame([(*row, row[2]) for row in features], columns), replace=True)
    frame = spark.createDataFrame(
        [(number, *row) for number, row in enumerate(spine)], "n INT, zone INT, kind STRING, t TIMESTAMP"
    )
    found = looked_up(store, frame, lookback)
    assert len(found) == len(spine)
    for row, given_row in zip(found, spine, strict=True):
        value, time = expected(given_row, features, lookback)
        assert row.x == value
        assert (row.seen is None) == (time is None)
        assert time is None or row.seen == round(time.timestamp() * 1_000_000)
