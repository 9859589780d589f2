"""Streams of predictions, week by week: healthy ones, and each kind of change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mlops_local.profiling.accumulate import MODEL, TIME
from mlops_local.profiling.predictions import LABEL, PREDICTION, PROBABILITY

WEEK = 7 * 86_400 * 1_000_000
FIRST_MONDAY = 4 * 86_400 * 1_000_000
NUMBERS = ("miles", "hour", "speed", "zone_trips", "zone_fare", "zone_minutes")
TEXTS = ("borough",)
_SHARES = {"Manhattan": 0.6, "Queens": 0.2, "Brooklyn": 0.15, "Bronx": 0.05}


@dataclass(frozen=True)
class Week:
    """What one week of predictions is like; the defaults are healthy.

    Attributes:
        rows: The number of predictions on average.
        shift: By how many standard deviations each numeric input is shifted, by name.
        only: The borough to which the shift is limited; empty for all.
        error: The standard deviation of the error of predictions, in dollars; that of healthy ones is 2.
        labelled: The share of rows whose label is known.
        season: By how many standard deviations the season shifts trips.
        missing: The share of missing values of the input speed.
        extra: Whether there is a new input, which the baseline lacks.
    """

    rows: int = 1200
    shift: Mapping[str, float] | None = None
    only: str = ""
    error: float = 2.0
    labelled: float = 1.0
    season: float = 0.0
    missing: float = 0.0
    extra: bool = False


HEALTHY = Week()


def season(week: int) -> float:
    """Return a yearly season of a tenth of a standard deviation."""
    return 0.1 * float(np.sin(2 * np.pi * week / 52))


def rows(random: np.random.Generator, number: int, week: Week) -> pd.DataFrame:
    """Return the predictions of the week with this number; inputs of zones differ a little from week to week."""
    count = int(random.poisson(week.rows))
    if not count:
        return pd.DataFrame()
    hour = (random.normal(14, 5, count) % 24).astype(int)
    frame = pd.DataFrame(
        {
            TIME: FIRST_MONDAY + number * WEEK + random.integers(0, WEEK, count),
            MODEL: "1",
            "miles": random.normal(week.season, 1, count),
            "hour": hour.astype(float),
            "speed": random.gamma(4.0, 3.0, count),
            "borough": random.choice(list(_SHARES), count, p=list(_SHARES.values())),
        }
    )
    of_week = random.normal(0, 0.1, 3)  # what all trips of a week have in common
    for name, common in zip(("zone_trips", "zone_fare", "zone_minutes"), of_week, strict=True):
        frame[name] = random.normal(common, 1, count)
    moved = (frame["borough"] == week.only) if week.only else pd.Series(True, frame.index)  # noqa: FBT003
    for name, by in (week.shift or {}).items():
        frame.loc[moved, name] += by * frame[name].std()
    frame.loc[random.random(count) < week.missing, "speed"] = np.nan
    if week.extra:
        frame["new_input"] = random.normal(0, 1, count)
    truth = 12.0 + 3.0 * np.exp(0.5 * frame["miles"])
    frame[PREDICTION] = truth
    frame[LABEL] = np.where(random.random(count) < week.labelled, truth + random.normal(0, week.error, count), np.nan)
    frame[PROBABILITY] = np.nan
    return frame


Changed = Callable[[Week], Week]

# What changes from one week on, and the verdict that is expected once it is found.
KINDS: Mapping[str, tuple[Changed, frozenset[str]]] = {
    "half a standard deviation in one input": (lambda week: replace(week, shift={"miles": 0.5}), frozenset({"warn"})),
    "one standard deviation in one input": (lambda week: replace(week, shift={"miles": 1.0}), frozenset({"warn"})),
    "one standard deviation in one borough": (
        lambda week: replace(week, shift={"miles": 1.0}, only="Queens"),
        frozenset({"warn"}),
    ),
    "a fifth of the values of one input missing": (lambda week: replace(week, missing=0.2), frozenset({"warn"})),
    "errors half as large again, without drift": (lambda week: replace(week, error=3.0), frozenset({"retrain"})),
    "errors twice as large, and drift": (
        lambda week: replace(week, error=4.0, shift={"miles": 1.0}),
        frozenset({"retrain"}),
    ),
    "a new input": (lambda week: replace(week, extra=True), frozenset({"warn"})),
    "no traffic": (lambda week: replace(week, rows=0), frozenset({"no_traffic"})),
    "no labels": (lambda week: replace(week, labelled=0.0), frozenset({"undecided", "warn"})),
}
