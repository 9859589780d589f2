"""Which time window a row belongs to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..config.granularity import parts

Micros = NDArray[np.int64]

_SECOND = 1_000_000
_LENGTHS = {"minute": 60 * _SECOND, "hour": 3600 * _SECOND, "day": 86_400 * _SECOND, "week": 7 * 86_400 * _SECOND}
_FIRST_MONDAY = 4 * 86_400 * _SECOND  # 1970-01-05


def starts(micros: Micros, granularity: str) -> Micros:
    """Return the starts of the windows that times belong to, both in microseconds since 1970 (UTC), shape (n,).

    Weeks start on Monday. Months and years are those of the calendar.
    """
    number, unit = parts(granularity)
    if unit in {"month", "year"}:
        code = "M" if unit == "month" else "Y"
        return micros.astype("datetime64[us]").astype(f"datetime64[{code}]").astype("datetime64[us]").astype(np.int64)
    length = number * _LENGTHS[unit]
    offset = _FIRST_MONDAY if unit == "week" else 0
    return (micros - offset) // length * length + offset
