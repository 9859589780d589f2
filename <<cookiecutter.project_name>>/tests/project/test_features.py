from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from << cookiecutter.__package >> import features
from << cookiecutter.__package >>.entry_points import PROJECT

NOON = datetime(2016, 1, 6, 12, tzinfo=UTC)  # a Wednesday


USUAL = {
    "tpep_pickup_datetime": NOON,
    "minutes": 10,
    "trip_distance": 2.0,
    "fare_amount": 10.0,
    "pickup_zip": 10001,
    "dropoff_zip": 10002,
}


def trips(spark: SparkSession, *rows: dict[str, object]) -> DataFrame:
    full = [USUAL | row for row in rows]
    times = [row["tpep_pickup_datetime"] for row in full]
    ends = [start + timedelta(minutes=row["minutes"]) for start, row in zip(times, full, strict=True)]
    stamp = pa.timestamp("us", tz="UTC")
    columns = {"tpep_pickup_datetime": pa.array(times, stamp), "tpep_dropoff_datetime": pa.array(ends, stamp)}
    columns |= {name: pa.array([row[name] for row in full]) for name in ("trip_distance", "fare_amount")}
    columns |= {name: pa.array([row[name] for row in full], pa.int32()) for name in ("pickup_zip", "dropoff_zip")}
    return spark.createDataFrame(pa.table(columns))


def test_the_spine_has_the_columns_that_the_configuration_names(spark: SparkSession) -> None:
    settings = PROJECT.config
    found = features.spine(trips(spark, {})).columns
    assert {*settings.request, settings.label} <= set(found)


@pytest.mark.parametrize(("minutes", "expected"), [(15, 0.0), (16, 1.0), (0, None), (-5, None)])
def test_a_trip_is_long_after_fifteen_minutes(spark: SparkSession, minutes: int, expected: float | None) -> None:
    assert features.spine(trips(spark, {"minutes": minutes})).first().long_trip == expected


@pytest.mark.parametrize(("fare", "expected"), [(8.5, 8.5), (0.0, None), (-3.0, None)])
def test_a_fare_that_is_not_positive_is_not_a_label(spark: SparkSession, fare: float, expected: float | None) -> None:
    assert features.spine(trips(spark, {"fare_amount": fare})).first().fare_amount == expected


def test_trips_without_distance_are_dropped(spark: SparkSession) -> None:
    assert features.spine(trips(spark, {"trip_distance": 0.0}, {})).count() == 1


def test_the_key_of_a_trip_does_not_depend_on_what_becomes_known_later(spark: SparkSession) -> None:
    early, late, other = (
        features.spine(trips(spark, row)).first().trip_id
        for row in ({}, {"fare_amount": 99.0, "minutes": 50}, {"trip_distance": 2.1})
    )
    assert early == late != other


def test_a_duplicate_trip_is_one_row(spark: SparkSession) -> None:
    assert features.spine(trips(spark, {}, {})).count() == 1


def test_zone_features_aggregate_the_finished_trips_of_a_window(spark: SparkSession) -> None:
    source = trips(spark, {}, {"trip_distance": 6.0, "fare_amount": 22.0, "minutes": 30}, {"pickup_zip": 10009})
    found = features.pickup_features(source).where("pickup_zip = 10001").orderBy("window_end").first()
    assert (found.pickup_trips, found.pickup_fare_per_mile, found.pickup_minutes_per_mile) == (2.0, 4.0, 5.0)


def test_dropoff_features_are_keyed_by_the_dropoff(spark: SparkSession) -> None:
    found = features.dropoff_features(trips(spark, {"dropoff_zip": 10077})).first()
    assert (found.dropoff_zip, found.dropoff_trips) == (10077, 1.0)


def test_no_window_that_contains_a_trip_is_valid_before_its_dropoff(spark: SparkSession) -> None:
    ends = [row.window_end for row in features.pickup_features(trips(spark, {"minutes": 30})).collect()]
    assert len(ends) == 12
    assert min(end.replace(tzinfo=UTC) for end in ends) > NOON + timedelta(minutes=30)


@pytest.mark.parametrize("row", [{"fare_amount": -1.0}, {"trip_distance": 0.0}, {"minutes": 0}])
def test_zone_features_ignore_impossible_trips(spark: SparkSession, row: dict[str, object]) -> None:
    assert features.pickup_features(trips(spark, row)).count() == 0


def test_every_feature_table_has_its_function_with_the_declared_columns(spark: SparkSession) -> None:
    settings = PROJECT.config
    for name, table in settings.feature_tables.items():
        frame = getattr(features, name)(trips(spark, {}))
        looked_up = {feature for lookup in settings.lookups if lookup.table == name for feature in lookup.features}
        assert {*table.keys, table.event_time, *looked_up} <= set(frame.columns)
