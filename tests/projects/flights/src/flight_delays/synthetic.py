"""Synthetic flights, weather and airports; the same arguments give the same rows."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 60
HOURS = 24 * DAYS - 6  # until now; the timetable goes on for six hours
# Hours from UTC and runways of each airport; typical minutes of delay of each carrier.
AIRPORTS = {"JFK": (-5.0, 4), "ORD": (-6.0, 8), "DEN": (-7.0, 6), "LAX": (-8.0, 4), "LHR": (0.0, 2), "FRA": (1.0, 4)}
CARRIERS = {"AA": 0, "DL": -8, "UA": 2, "LH": -4, "B6": 12, None: 0, "NEW": 18}
SHARES = [0.3, 0.22, 0.2, 0.15, 0.11, 0.02]  # the last carrier starts five days before the end


def example_data(rows: int = 10_000, drift_from: date | None = None) -> dict[str, pa.Table]:
    """Return this many flights, hourly weather, and the airports, which another project owns.

    A delay comes from the carrier, the storms at both airports, the local hour, the age of the aircraft, and chance.
    The last flights have not departed yet.

    Args:
        rows: Number of flights.
        drift_from: From this day on, storms are twice as strong.
    """
    random = np.random.default_rng(20240101)
    storm = _storms(random, drift_from)
    return {
        "flights": _flights(random, rows, storm),
        "weather": _weather(random, storm),
        "shared.geo.airports": pa.table(
            {
                "airport": list(AIRPORTS),
                "utc_hours": [hours for hours, _ in AIRPORTS.values()],
                "runways": pa.array([runways for _, runways in AIRPORTS.values()], pa.int32()),
            }
        ),
    }


def _storms(random: np.random.Generator, drift_from: date | None) -> NDArray[np.float64]:
    """Return the strength of the storm in each hour at each airport; it changes slowly."""
    storm = random.normal(0.0, 1.0, (24 * DAYS, len(AIRPORTS)))
    for hour in range(1, len(storm)):
        storm[hour] = 0.95 * storm[hour - 1] + 0.31 * storm[hour]
    if drift_from is not None:
        storm[max(0, 24 * (drift_from - FIRST_DAY.date()).days) :] *= 2
    return storm


def _flights(random: np.random.Generator, rows: int, storm: NDArray[np.float64]) -> pa.Table:
    minute = np.sort(random.integers(0, DAYS * 1440, rows))
    origin = random.integers(0, len(AIRPORTS), rows)
    destination = (origin + random.integers(1, len(AIRPORTS), rows)) % len(AIRPORTS)
    carrier = random.choice(len(SHARES), rows, p=SHARES)
    carrier[(minute > (DAYS - 5) * 1440) & (random.random(rows) < 0.1)] = len(SHARES)
    aircraft_days = random.integers(0, 20 * 365, rows)  # the age
    utc_hours = np.array([hours for hours, _ in AIRPORTS.values()])
    delay = (
        np.array(list(CARRIERS.values()))[carrier]
        + 9.0 * storm[minute // 60, origin]
        + 5.0 * storm[minute // 60, destination]
        + 0.8 * ((minute / 60 + utc_hours[origin]) % 24 - 12)
        + aircraft_days / 1500
        + random.gamma(2.0, 6.0, rows)
        - 8.0
    )
    departed = minute + np.maximum(np.round(delay), -10).astype(np.int64)
    days_since_1970 = (FIRST_DAY.date() - date(1970, 1, 1)).days
    return pa.table(
        {
            "flight_id": np.arange(rows),
            "scheduled_departure": _times(minute),
            "departed_at": _times(departed, missing=departed >= 60 * HOURS),
            "carrier": pa.array([list(CARRIERS)[one] for one in carrier], pa.string()),
            "origin": np.array(list(AIRPORTS))[origin],
            "destination": np.array(list(AIRPORTS))[destination],
            "miles": (300 + 250 * (origin + destination) + 40 * origin * destination).astype(np.int32),
            "seats": random.choice([110, 150, 180, 300], rows).astype(np.int32),
            "international": (origin < 4) != (destination < 4),
            "aircraft_built": pa.array((days_since_1970 - aircraft_days).astype(np.int32)).cast(pa.date32()),
        }
    )


def _weather(random: np.random.Generator, storm: NDArray[np.float64]) -> pa.Table:
    hour, airport = (one.ravel() for one in np.indices(storm[:HOURS].shape))
    strength = storm[:HOURS].ravel()
    wind = np.maximum(12.0 + 7.0 * strength + random.normal(0.0, 2.0, strength.size), 0.0)
    return pa.table(
        {
            "airport": np.array(list(AIRPORTS))[airport],
            "observed_at": _times(60 * hour + 53),
            "wind": pa.array(np.round(wind), mask=random.random(strength.size) < 0.02),
            "visibility": np.round(np.clip(8.0 - 3.0 * strength, 0.2, 10.0), 1),
            "snow": strength > 1.8,
        }
    )


def _times(minutes: NDArray[np.int64], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    micros = (int(FIRST_DAY.timestamp()) + 60 * minutes) * 1_000_000
    return pa.array(micros, mask=missing).cast(pa.timestamp("us", tz="UTC"))
