"""Features of flights: the rows to predict, and the feature tables."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

LATE_MINUTES = 15


def spine(flights: DataFrame) -> DataFrame:
    """Return one row per flight, as known two hours before its departure; `late` is null until it has departed."""
    return flights.select(
        "flight_id",
        (F.col("scheduled_departure") - F.expr("INTERVAL 2 HOURS")).alias("warned_at"),
        "scheduled_departure",
        "carrier",
        "origin",
        "destination",
        "seats",
        "international",
        "aircraft_built",
        (_delay() > LATE_MINUTES).cast("double").alias("late"),
    )


def carrier_delays(flights: DataFrame) -> DataFrame:
    """Return how late each carrier's flights departed in the seven days before `day_end`."""
    week = F.window("departed_at", "7 days", "1 day")
    return (
        flights.where(F.col("carrier").isNotNull())
        .groupBy("carrier", week.alias("week"))
        .agg(F.count("*").alias("carrier_flights"), F.avg(_delay()).alias("carrier_delay"))
        .withColumn("day_end", F.col("week.end"))
        .drop("week")
    )


def airport_hours(flights: DataFrame, weather: DataFrame) -> DataFrame:
    """Return the weather of each airport in the hour before `hour_end`, and its delays in the six hours before."""
    last_hour = F.window("observed_at", "1 hour")
    observed = weather.groupBy("airport", last_hour["end"].alias("hour_end")).agg(
        F.max("wind").alias("wind"), F.min("visibility").alias("visibility"), F.max("snow").alias("snow")
    )
    six_hours = F.window("departed_at", "6 hours", "1 hour")
    departed = flights.groupBy(F.col("origin").alias("airport"), six_hours["end"].alias("hour_end")).agg(
        F.avg(_delay()).alias("airport_delay")
    )
    return observed.join(departed, ["airport", "hour_end"], "left")


def routes(flights: DataFrame) -> DataFrame:
    """Return the length of each route, which never changes."""
    return flights.groupBy("origin", "destination").agg(F.max("miles").alias("miles"))


def _delay() -> Column:
    """Return the delay of the departure in minutes."""
    return (F.unix_micros("departed_at") - F.unix_micros("scheduled_departure")) / F.lit(60_000_000.0)
