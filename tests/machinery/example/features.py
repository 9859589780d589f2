"""Features of New York taxi trips. Replace the functions in this module with your own.

Each function takes the source table as a Spark frame and returns a Spark frame. `project.yml` says which columns
are keys, times and features, which feature tables are looked up, and how far back in the source a feature row looks.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

WINDOW = "72 hours"
SLIDE = "6 hours"
LONG_TRIP_MINUTES = 15
_BOROUGHS = {
    100: "Manhattan",
    101: "Manhattan",
    102: "Manhattan",
    103: "Staten Island",
    104: "Bronx",
    111: "Queens",
    112: "Brooklyn",
    113: "Queens",
    114: "Queens",
    116: "Queens",
}


def spine(trips: DataFrame) -> DataFrame:
    """Return one row per trip with what is known at pickup, and its labels.

    Returns:
        Columns: `trip_id` (hex digest of what identifies a trip), `tpep_pickup_datetime`, the lookup keys `pickup_zip`
        and `dropoff_zip`, the inputs `trip_distance` (miles) and `pickup_borough`, and the labels `fare_amount`
        (dollars; null unless positive) and `long_trip` (1.0 if the trip took longer than 15 minutes, else 0.0; null
        before dropoff).
    """
    pickup = F.col("tpep_pickup_datetime")
    identity = [F.unix_micros(pickup), F.col("pickup_zip"), F.col("dropoff_zip"), F.col("trip_distance")]
    minutes = _minutes()
    return (
        trips.where(F.col("trip_distance") > 0)
        .select(
            F.sha2(F.concat_ws("|", *[part.cast("string") for part in identity]), 256).alias("trip_id"),
            pickup,
            "pickup_zip",
            "dropoff_zip",
            "trip_distance",
            _borough("pickup_zip").alias("pickup_borough"),
            F.when(F.col("fare_amount") > 0, F.col("fare_amount").cast("double")).alias("fare_amount"),
            F.when(minutes > 0, (minutes > LONG_TRIP_MINUTES).cast("double")).alias("long_trip"),
        )
        .dropDuplicates(["trip_id"])
    )


def pickup_features(trips: DataFrame) -> DataFrame:
    """Return features of each pickup zip code, from the finished trips of the last three days."""
    return _zone_features(trips, "pickup")


def dropoff_features(trips: DataFrame) -> DataFrame:
    """Return features of each dropoff zip code, from the finished trips of the last three days."""
    return _zone_features(trips, "dropoff")


def _zone_features(trips: DataFrame, side: str) -> DataFrame:
    """Aggregate trips by zip code over sliding windows.

    A trip counts from its dropoff on, when its fare is known, and a window is valid from its end on. So a lookup at or
    before a pickup time never sees the trip itself or anything later.
    """
    zone = F.col(f"{side}_zip")
    valid = zone.isNotNull() & (F.col("trip_distance") > 0) & (F.col("fare_amount") > 0) & (_minutes() > 0)
    window = F.window("tpep_dropoff_datetime", WINDOW, SLIDE)
    miles = F.sum("trip_distance")
    return (
        trips.where(valid)
        .groupBy(zone, window.alias("window"))
        .agg(
            F.count("*").cast("double").alias(f"{side}_trips"),
            (F.sum("fare_amount") / miles).alias(f"{side}_fare_per_mile"),
            (F.sum(_minutes()) / miles).alias(f"{side}_minutes_per_mile"),
        )
        .withColumn("window_end", F.col("window.end"))
        .drop("window")
    )


def _borough(zip_code: str) -> Column:
    """Return the borough of New York City by the first three digits of a zip code; null outside the city."""
    boroughs = F.create_map(*[F.lit(part) for pair in _BOROUGHS.items() for part in pair])
    return F.element_at(boroughs, F.floor(F.col(zip_code) / 100).cast("int"))


def _minutes() -> Column:
    """Return the duration of a trip in minutes."""
    micros = F.unix_micros(F.col("tpep_dropoff_datetime")) - F.unix_micros(F.col("tpep_pickup_datetime"))
    return micros / F.lit(60_000_000.0)
