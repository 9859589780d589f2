from datetime import UTC, datetime, timedelta

import pytest

from mlops import definitions

from << cookiecutter.__package >> import functions
from << cookiecutter.__package >>.entry_points import PROJECT

MONDAY = datetime(2024, 1, 1, 17, 59, tzinfo=UTC)


def test_each_configured_function_is_valid_in_unity_catalog_and_accepts_nulls() -> None:
    for definition in definitions(PROJECT.config.functions, PROJECT.functions).values():
        assert definition.compiled()(*[None] * len(definition.parameters)) is None


def test_the_hour_is_that_of_the_moment() -> None:
    assert functions.hour_of_day(MONDAY) == 17.0


@pytest.mark.parametrize("day", range(7))
def test_a_weekend_is_saturday_and_sunday(day: int) -> None:
    assert functions.is_weekend(MONDAY + timedelta(days=day)) == float(day in {5, 6})


@pytest.mark.parametrize(("miles", "band"), [(0.9, 0), (1, 1), (1.9, 1), (2, 2), (5, 3), (9.9, 3), (10, 4), (99, 4)])
def test_a_band_starts_at_its_lower_bound(miles: float, band: float) -> None:
    assert functions.distance_band(miles) == band
