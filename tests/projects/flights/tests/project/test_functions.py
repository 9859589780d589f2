from datetime import UTC, datetime

import pytest

from mlops import definitions

from flight_delays import functions
from flight_delays.entry_points import PROJECT

MONDAY = datetime(2024, 1, 1, 3, 30, tzinfo=UTC)


def test_each_configured_function_is_valid_in_unity_catalog_and_accepts_nulls() -> None:
    for definition in definitions(PROJECT.config.functions, PROJECT.functions).values():
        assert definition.compiled()(*[None] * len(definition.parameters)) is None


@pytest.mark.parametrize(("utc_hours", "hour", "day"), [(0.0, 3, "Mon"), (-5.0, 22, "Sun"), (5.5, 9, "Mon")])
def test_hour_and_day_are_those_of_the_airport(utc_hours: float, hour: int, day: str) -> None:
    assert functions.local_hour(MONDAY, utc_hours) == hour
    assert functions.weekday(MONDAY, utc_hours) == day
