"""Synthetic trips with the columns of `samples.nyctaxi.trips`; the same arguments give the same trips."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

FIRST_DAY = datetime(2016, 1, 1, tzinfo=UTC)
DAYS = 60
SEED = 20160101
_ZIPS = np.array([*range(10001, 10041), *range(11201, 11221)], dtype=np.int32)
_HOUR_SHARE = np.array([3, 2, 1, 1, 1, 1, 3, 5, 6, 6, 5, 5, 6, 6, 6, 6, 5, 6, 8, 8, 7, 6, 6, 5], dtype=np.float64)
_RUSH_HOURS = (7, 8, 9, 16, 17, 18, 19)


def example_data(rows: int = 10_000, drift_from: date | None = None) -> pa.Table:
    """Return synthetic trips from sixty days, oldest first.

    The fare is 2.50 dollars, plus 2.30 per mile and 0.35 per minute, with noise. The minutes depend on miles, hour and
    pickup zone.

    Args:
        rows: Number of trips.
        drift_from: From this day on, trips are 1.6 times as long and fares 1.3 times as high.
    """
    random = np.random.default_rng(SEED)
    hour = random.choice(24, rows, p=_HOUR_SHARE / _HOUR_SHARE.sum())
    second = np.sort(random.integers(0, DAYS, rows)) * 86_400 + hour * 3_600 + random.integers(0, 3_600, rows)
    second.sort()
    hour = second // 3_600 % 24
    pickup, dropoff = (random.choice(_ZIPS, rows, p=_popularity()) for _ in range(2))
    start = int(FIRST_DAY.timestamp()) + second
    drifted = _from_day(start, drift_from)
    miles = np.round(random.lognormal(0.55, 0.75, rows) * np.where(drifted, 1.6, 1.0), 2) + 0.1
    pace = (4.5 + 1.8 * np.isin(hour, _RUSH_HOURS)) * (0.85 + 0.01 * (pickup % 40))
    minutes = 2.0 + miles * pace * random.lognormal(0.0, 0.18, rows)
    fare = (2.5 + 2.3 * miles + 0.35 * minutes + random.normal(0.0, 0.8, rows)) * np.where(drifted, 1.3, 1.0)
    columns = {
        "tpep_pickup_datetime": _timestamps(start),
        "tpep_dropoff_datetime": _timestamps(start + np.round(minutes * 60).astype(np.int64)),
        "trip_distance": pa.array(miles),
        "fare_amount": pa.array(np.maximum(np.round(fare * 2) / 2, 2.5)),
        "pickup_zip": pa.array(pickup),
        "dropoff_zip": pa.array(dropoff),
    }
    return pa.table(columns)


def _popularity() -> NDArray[np.float64]:
    weight = 1.0 / np.arange(1, len(_ZIPS) + 1)
    return np.asarray(weight / weight.sum(), dtype=np.float64)


def _from_day(seconds: NDArray[np.int64], day: date | None) -> NDArray[np.bool_]:
    if day is None:
        return np.zeros(len(seconds), dtype=np.bool_)
    return np.asarray(seconds >= datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp(), dtype=np.bool_)


def _timestamps(seconds: NDArray[np.int64]) -> pa.Array:
    return pa.array(seconds * 1_000_000).cast(pa.timestamp("us", tz="UTC"))
