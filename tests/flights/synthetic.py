"""Synthetic flights."""

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa


def trips(rows: int = 10_000, drift_from: date | None = None) -> pa.Table:  # noqa: ARG001 - nothing drifts
    """Return synthetic flights of ninety days, oldest first."""
    random = np.random.default_rng(1)
    minute = np.sort(random.integers(0, 90 * 1440, rows))
    miles, carrier = random.integers(100, 3000, rows), random.integers(0, 8, rows)
    delay = np.round(random.normal(5 * carrier - 10 + miles / 150, 15)).astype(np.int32)
    departure = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp()) + minute * 60
    stamp = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "flight_id": pa.array(np.arange(rows)),
            "scheduled_departure": pa.array(departure * 1_000_000).cast(stamp),
            "actual_arrival": pa.array((departure + 7200 + delay * 60) * 1_000_000).cast(stamp),
            "carrier": pa.array([f"C{number}" for number in carrier]),
            "miles": pa.array(miles.astype(np.int32)),
            "arrival_delay": pa.array(delay),
        }
    )
