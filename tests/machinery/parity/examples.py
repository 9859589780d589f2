"""Small feature tables, and rows to look up in them, with many equal keys and times, all types, and nulls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from mlops.config.features import FeatureSet, FeatureTable, Function, Lookup
from mlops.features.uc_function import Definition, define

from example import functions

START = datetime(2024, 3, 30, tzinfo=UTC)  # clocks change on the next day in much of the world
SCHEMA = "dev.taxi"
TABLES = {
    "zones": FeatureTable(keys=("zone",), event_time="at"),
    "pairs": FeatureTable(keys=("zone", "kind"), event_time="since"),
    "kinds": FeatureTable(keys=("kind",)),
}
COLUMNS = {
    "zones": "zone INT, at TIMESTAMP, trips DOUBLE, calls BIGINT, seen TIMESTAMP",
    "pairs": "zone INT, kind STRING, since TIMESTAMP, share DOUBLE, seen_pair TIMESTAMP",
    "kinds": "kind STRING, weight DOUBLE, paved BOOLEAN, surface STRING, opened DATE, lanes INT",
}
SPINE = (
    "row INT, pickup INT, dropoff INT, kind STRING, time TIMESTAMP, miles DOUBLE, vehicle STRING, shared BOOLEAN, "
    "label DOUBLE"
)


def doubled(value: float | None) -> float | None:
    """Return twice the value."""
    return None if value is None else 2 * value


def whole(value: float | None) -> int | None:
    """Return the value without its fraction."""
    return None if value is None else int(value)


def sign(value: float | None) -> str | None:
    """Return the sign of the value as a word."""
    return None if value is None else "minus" if value < 0 else "plus"


def day_of(moment: datetime | None) -> date | None:
    """Return the day of a time in UTC."""
    return None if moment is None else moment.date()


def is_far(miles: float | None) -> bool | None:
    """Return whether the distance is more than two miles."""
    return None if miles is None else miles > 2


FUNCTIONS: Mapping[str, Definition] = {
    function.__name__: define(function)
    for function in (functions.hour_of_day, functions.distance_band, doubled, whole, sign, day_of, is_far)
}

_hours = st.integers(0, 8 * 48).map(lambda eighth: timedelta(hours=eighth / 8))
_jitter = st.sampled_from([0, 0, 0, 1, -1]).map(lambda micros: timedelta(microseconds=micros))
_times = st.builds(lambda hours, jitter: START + hours + jitter, _hours, _jitter)
_zones = st.integers(0, 2)
_kinds = st.sampled_from(["a", "b"])
_numbers = st.one_of(st.none(), st.integers(-9, 9).map(float), st.floats(-1e6, 1e6))
_lookbacks = st.one_of(st.none(), st.sampled_from([0.125, 1.0, 24.0]), st.integers(1, 10**8).map(lambda us: us / 3.6e9))


@dataclass(frozen=True)
class Example:
    """Rows of each feature table, rows of the spine, and the lookbacks in hours."""

    tables: Mapping[str, Sequence[tuple[Any, ...]]]
    spine: Sequence[tuple[Any, ...]]
    lookbacks: tuple[float | None, float | None]

    @property
    def features(self) -> FeatureSet:
        """Lookups in three tables, one of them twice, and functions of request columns and of a looked-up feature."""
        zones, pairs = self.lookbacks
        return FeatureSet(
            event_time="time",
            inputs=("miles", "vehicle", "shared"),
            lookups=(
                Lookup(table="zones", keys=("pickup",), features=("trips", "calls", "seen"), lookback_hours=zones),
                Lookup(
                    table="zones",
                    keys=("dropoff",),
                    features=("seen", "trips"),
                    rename={"trips": "dropoff_trips", "seen": "dropoff_seen"},
                    lookback_hours=zones,
                ),
                Lookup(table="pairs", keys=("dropoff", "kind"), features=("share", "seen_pair"), lookback_hours=pairs),
                Lookup(table="kinds", keys=("kind",), features=("weight", "paved", "surface", "opened", "lanes")),
            ),
            functions=(
                Function(function="hour_of_day", inputs={"moment": "time"}, output="hour"),
                Function(function="distance_band", inputs={"miles": "miles"}, output="band"),
                Function(function="doubled", inputs={"value": "share"}, output="twice"),
                Function(function="whole", inputs={"value": "share"}, output="whole"),
                Function(function="sign", inputs={"value": "weight"}, output="sign"),
                Function(function="day_of", inputs={"moment": "time"}, output="day"),
                Function(function="is_far", inputs={"miles": "miles"}, output="far"),
            ),
        )


def _spine_row(*values: Any) -> tuple[Any, ...]:  # noqa: ANN401 - of many types
    return values


def _unique(rows: list[tuple[Any, ...]], keys: int) -> list[tuple[Any, ...]]:
    return list({row[:keys]: row for row in rows}.values())


_zone_rows = st.lists(
    st.builds(
        lambda zone, at, trips, calls: (zone, at, trips, calls, at),
        _zones,
        _times,
        _numbers,
        st.one_of(st.none(), st.integers(-9, 9)),
    ),
    max_size=40,
).map(lambda rows: _unique(rows, 2))
_pair_rows = st.lists(
    st.builds(lambda zone, kind, at, share: (zone, kind, at, share, at), _zones, _kinds, _times, _numbers), max_size=40
).map(lambda rows: _unique(rows, 3))
_flags = st.one_of(st.none(), st.booleans())
_words = st.one_of(st.none(), st.sampled_from(["", "gravel", "Straße 7", "null"]))
_days = st.one_of(st.none(), st.dates(date(1970, 1, 2), date(2100, 1, 1)))
_kind_rows = st.lists(
    st.tuples(_kinds, _numbers, _flags, _words, _days, st.one_of(st.none(), st.integers(-9, 9))), max_size=2
).map(lambda rows: _unique(rows, 1))
_spine_rows = st.lists(
    st.builds(
        _spine_row,
        st.one_of(st.none(), _zones, st.just(99)),
        st.one_of(st.none(), _zones),
        st.one_of(st.none(), _kinds, st.just("z")),
        st.one_of(_times, _times, _times, st.none()),
        _numbers,
        _words,
        _flags,
    ),
    min_size=1,
    max_size=60,
).map(lambda rows: [(number, *row, 0.0) for number, row in enumerate(rows)])

examples = st.builds(
    lambda zones, pairs, kinds, spine, lookbacks: Example(
        {"zones": zones, "pairs": pairs, "kinds": kinds}, spine, lookbacks
    ),
    _zone_rows,
    _pair_rows,
    _kind_rows,
    _spine_rows,
    st.tuples(_lookbacks, _lookbacks),
)

NOON = START + timedelta(hours=12)
FIXED = Example(
    {
        "zones": [(1, NOON, 1.5, 3, NOON), (1, NOON + timedelta(hours=6), -2.0, None, NOON), (2, START, 7.0, 1, START)],
        "pairs": [(2, "a", NOON, 0.5, NOON), (1, "b", START, None, START)],
        "kinds": [("a", 4.0, True, "gravel", date(2020, 2, 29), 2), ("b", -1.0, None, None, None, None)],
    },
    [
        (0, 1, 2, "a", NOON, 3.0, "van", True, 0.0),
        (1, 1, 2, "a", NOON + timedelta(hours=7), 1.0, None, False, 0.0),
        (2, 2, 1, "b", NOON, 12.0, "", None, 0.0),
        (3, 2, None, None, NOON, None, "bus", True, 0.0),
    ],
    (24.0, None),
)
