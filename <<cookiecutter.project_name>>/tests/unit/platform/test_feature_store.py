from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import DataFrame, SparkSession

from << cookiecutter.__package >>.config import FeatureTable, Lookup
from << cookiecutter.__package >>.platform.feature_store import SparkFeatureStore
from << cookiecutter.__package >>.platform.local import LocalPlatform

START = datetime(2020, 1, 1, tzinfo=UTC)
TABLE = FeatureTable(keys=("zone",), event_time="at")
LOOKUP = Lookup(table="zones", keys=("pickup",), features=("trips",), lookback_hours=None)


def hours(number: float) -> datetime:
    return START + timedelta(hours=number)


def zones(spark: SparkSession, *rows: tuple[int | None, float, float | None]) -> DataFrame:
    values = [(zone, hours(at), trips) for zone, at, trips in rows]
    return spark.createDataFrame(values, "zone INT, at TIMESTAMP, trips DOUBLE")


def look_up(
    platform: LocalPlatform,
    schema: str,
    features: list[tuple[int | None, float, float | None]],
    spine: list[tuple[int | None, float]],
    lookup: Lookup = LOOKUP,
) -> list[float | None]:
    """The looked-up feature of each spine row, in the order of the spine."""
    store = SparkFeatureStore(platform.tables, schema, {"zones": TABLE})
    store.write_table("zones", zones(platform.spark, *features), TABLE)
    frame = platform.spark.createDataFrame(
        [(number, zone, hours(at)) for number, (zone, at) in enumerate(spine)], "row INT, pickup INT, time TIMESTAMP"
    )
    joined = store.training_set(frame, "time", [lookup])
    assert joined.columns == ["row", "pickup", "time", "trips"]
    found = sorted(joined.collect(), key=lambda row: row.row)
    assert [row.row for row in found] == list(range(len(spine)))
    return [row.trips for row in found]


def test_a_row_sees_the_newest_features_of_its_key_that_are_not_later(platform: LocalPlatform, schema: str) -> None:
    features = [(1, 0.0, 10.0), (1, 2.0, 12.0), (2, 1.0, 99.0)]
    assert look_up(platform, schema, features, [(1, 1.9), (1, 3.0), (2, 0.5), (2, 1.5), (3, 5.0)]) == [
        10.0,
        12.0,
        None,
        99.0,
        None,
    ]


def test_features_of_the_very_same_time_are_seen(platform: LocalPlatform, schema: str) -> None:
    assert look_up(platform, schema, [(1, 2.0, 12.0)], [(1, 2.0)]) == [12.0]


def test_features_older_than_the_lookback_are_not_seen(platform: LocalPlatform, schema: str) -> None:
    lookup = LOOKUP.model_copy(update={"lookback_hours": 3})
    assert look_up(platform, schema, [(1, 0.0, 10.0)], [(1, 3.0), (1, 3.001)], lookup) == [10.0, None]


def test_a_newest_feature_that_is_null_is_null_and_not_an_older_one(platform: LocalPlatform, schema: str) -> None:
    assert look_up(platform, schema, [(1, 0.0, 10.0), (1, 1.0, None)], [(1, 2.0)]) == [None]


def test_rows_with_equal_keys_and_times_all_stay(platform: LocalPlatform, schema: str) -> None:
    assert look_up(platform, schema, [(1, 0.0, 10.0)], [(1, 1.0), (1, 1.0), (None, 1.0)]) == [10.0, 10.0, None]


def test_writing_twice_updates_rows_by_key_and_time(platform: LocalPlatform, schema: str) -> None:
    store = SparkFeatureStore(platform.tables, schema, {"zones": TABLE})
    for value in (1.0, 2.0):
        store.write_table("zones", zones(platform.spark, (1, 0.0, value), (2, value, 5.0)), TABLE)
    found = {(row.zone, row.trips) for row in platform.tables.read(f"{schema}.zones").collect()}
    assert found == {(1, 2.0), (2, 5.0)}
    assert platform.tables.read(f"{schema}.zones").count() == 3


def test_several_lookups_follow_one_another(platform: LocalPlatform, schema: str) -> None:
    other = FeatureTable(keys=("zone",), event_time="at")
    store = SparkFeatureStore(platform.tables, schema, {"zones": TABLE, "others": other})
    store.write_table("zones", zones(platform.spark, (1, 0.0, 3.0)), TABLE)
    store.write_table("others", zones(platform.spark, (2, 0.0, 4.0)).withColumnRenamed("trips", "calls"), other)
    spine = platform.spark.createDataFrame([(1, 2, hours(1))], "pickup INT, dropoff INT, time TIMESTAMP")
    lookups = [LOOKUP, Lookup(table="others", keys=("dropoff",), features=("calls",))]
    row = store.training_set(spine, "time", lookups).first()
    assert (row.trips, row.calls) == (3.0, 4.0)


@pytest.mark.parametrize("missing", ["zones"])
def test_a_feature_table_that_was_not_computed_is_named(platform: LocalPlatform, schema: str, missing: str) -> None:
    store = SparkFeatureStore(platform.tables, schema, {"zones": TABLE})
    spine = platform.spark.createDataFrame([(1, hours(1))], "pickup INT, time TIMESTAMP")
    with pytest.raises(Exception, match=f"{missing} does not exist: run the job"):
        store.training_set(spine, "time", [LOOKUP])
