"""The lengths of the time windows that metrics are computed for, as Databricks' data profiling names them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator

from ..errors import did_you_mean

NAMES = (
    "5 minutes",
    "30 minutes",
    "1 hour",
    "1 day",
    "1 week",
    "2 weeks",
    "3 weeks",
    "4 weeks",
    "1 month",
    "1 year",
)


def _require_granularity(name: object) -> object:
    if name not in NAMES:
        raise ValueError(f"{name!r} is not a granularity{did_you_mean(str(name), NAMES)}")
    return name


Granularity = Annotated[str, BeforeValidator(_require_granularity)]
Unit = Literal["minute", "hour", "day", "week", "month", "year"]


def parts(name: str) -> tuple[int, Unit]:
    """Return the number and the unit of a granularity; `1 week` and `1 weeks` are the same."""
    number, unit = name.split()
    return int(number), re.sub("s$", "", unit)  # type: ignore[return-value] # NAMES has only these units


def end(start: datetime, name: str, windows: int = 1) -> datetime:
    """Return the end of a window, or the start of one that is this number of windows later (earlier if negative)."""
    number, unit = parts(name)
    if unit == "year":
        return start.replace(year=start.year + number * windows)
    if unit == "month":
        months = start.year * 12 + start.month - 1 + number * windows
        return start.replace(year=months // 12, month=months % 12 + 1)
    return start + windows * timedelta(**{f"{unit}s": number})
