"""Features of flights."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def spine(flights: DataFrame) -> DataFrame:
    """Return one row per flight, with what is known at its scheduled departure."""
    return flights.select(
        "flight_id",
        "scheduled_departure",
        "carrier",
        F.col("miles").cast("double").alias("miles"),
        (F.col("arrival_delay") > 15).cast("double").alias("late"),  # noqa: PLR2004 - minutes
    )


def carriers(flights: DataFrame) -> DataFrame:
    """Return how late each carrier's flights were on each day."""
    day = F.date_trunc("day", F.col("actual_arrival"))
    late = F.avg("arrival_delay").alias("carrier_delay")
    return flights.groupBy("carrier", (F.timestamp_micros(F.unix_micros(day) + 86_400_000_000)).alias("day_end")).agg(late)
