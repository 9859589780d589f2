from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from flight_delays import features
from flight_delays.entry_points import PROJECT

NOON = datetime(2024, 1, 10, 12, tzinfo=UTC)
STAMP = pa.timestamp("us", tz="UTC")
USUAL = {"flight_id": 1, "scheduled_departure": NOON, "minutes": 0, "carrier": "AA", "origin": "JFK"}
USUAL |= {"destination": "ORD", "miles": 740, "seats": 180, "international": False, "aircraft_built": date(2010, 5, 1)}


def flights(spark: SparkSession, *rows: dict[str, object]) -> DataFrame:
    """Return flights that depart some minutes late, or have not departed if `minutes` is None."""
    full = [USUAL | {"flight_id": number} | row for number, row in enumerate(rows)]
    for row in full:
        late = row.pop("minutes")
        row["departed_at"] = None if late is None else row["scheduled_departure"] + timedelta(minutes=late)
    types = {"scheduled_departure": STAMP, "departed_at": STAMP, "carrier": pa.string()}
    columns = {name: pa.array([row[name] for row in full], types.get(name)) for name in full[0]}
    return spark.createDataFrame(pa.table(columns))


def weather(spark: SparkSession, *winds: float | None) -> DataFrame:
    """Return observations at JFK, one every ten minutes from noon on."""
    times = pa.array([NOON + timedelta(minutes=10 * number) for number in range(len(winds))], STAMP)
    columns = {"airport": ["JFK"] * len(winds), "observed_at": times, "wind": pa.array(winds, pa.float64())}
    columns |= {"visibility": [9.0] * len(winds), "snow": [False] * len(winds)}
    return spark.createDataFrame(pa.table(columns))


def test_the_spine_has_the_columns_that_the_configuration_names(spark: SparkSession) -> None:
    settings = PROJECT.config
    assert {*settings.request, settings.label} <= set(features.spine(flights(spark, {})).columns)


@pytest.mark.parametrize(("minutes", "expected"), [(15, 0.0), (16, 1.0), (-5, 0.0), (None, None)])
def test_a_flight_is_late_after_fifteen_minutes(spark: SparkSession, minutes: int, expected: float | None) -> None:
    assert features.spine(flights(spark, {"minutes": minutes})).first().late == expected


def test_a_carriers_flights_count_in_the_seven_days_after_they_departed(spark: SparkSession) -> None:
    source = flights(spark, {"minutes": 10}, {"minutes": 30}, {"carrier": None})
    found = features.carrier_delays(source).orderBy("day_end").collect()
    assert [row.day_end.day for row in found] == [11, 12, 13, 14, 15, 16, 17]
    assert (found[0].carrier, found[0].carrier_flights, found[0].carrier_delay) == ("AA", 2, 20.0)


def test_an_hour_has_the_worst_weather_and_the_delays_of_six_hours(spark: SparkSession) -> None:
    source = flights(spark, {"minutes": -120}, {"minutes": 20}, {"minutes": -600})
    (row,) = features.airport_hours(source, weather(spark, 5.0, None, 30.0)).collect()
    assert (row.airport, row.hour_end.hour, row.wind, row.airport_delay) == ("JFK", 13, 30.0, -50.0)


def test_a_route_has_one_length(spark: SparkSession) -> None:
    found = features.routes(flights(spark, {}, {}, {"destination": "LAX", "miles": 2475})).collect()
    assert sorted((row.destination, row.miles) for row in found) == [("LAX", 2475), ("ORD", 740)]
