import math
from dataclasses import FrozenInstanceError

import pytest

from mlops.config.validation import Bound
from mlops.validation.check import Check, SliceResult, margin, within


@pytest.mark.parametrize(
    ("value", "passed", "reason"),
    [
        (5.0, True, "rmse 5 is within its bounds"),
        (8.0, True, "rmse 8 is within its bounds"),
        (1.0, True, "rmse 1 is within its bounds"),
        (8.1, False, "rmse 8.1 is above 8"),
        (0.5, False, "rmse 0.5 is below 1"),
        (math.nan, False, "rmse is missing"),
        (math.inf, False, "rmse is missing"),
        (None, False, "rmse is missing"),
    ],
)
def test_a_value_passes_only_inside_its_bounds(value: float | None, *, passed: bool, reason: str) -> None:
    check = within("rmse", value, Bound(min=1, max=8))
    assert (check.passed, check.reason, check.bound) == (passed, reason, "at least 1 and at most 8")


def test_a_unit_is_shown() -> None:
    assert within("latency", 7.0, Bound(max=5), unit="ms").reason == "latency 7 ms is above 5"


@pytest.mark.parametrize(
    ("value", "bound", "left"),
    [
        (6.0, Bound(max=8), 0.25),
        (8.0, Bound(max=8), 0.0),
        (10.0, Bound(max=8), -0.25),
        (0.6, Bound(min=0.5), 0.2),
        (-4.0, Bound(min=-5), 0.2),
        (0.0, Bound(min=-1, max=1), 1.0),
        (-0.5, Bound(min=-1, max=1), 0.5),
        (109.0, Bound(min=100, max=110), 0.2),
        (3.0, Bound(max=0), None),
        (3.0, Bound(min=3, max=3), None),
    ],
)
def test_the_margin_is_the_distance_to_the_nearest_bound_as_a_share(
    value: float, bound: Bound, left: float | None
) -> None:
    assert margin(value, bound) == (None if left is None else pytest.approx(left))
    assert within("rmse", value, bound).margin == margin(value, bound)


def test_a_missing_value_has_no_margin() -> None:
    assert within("rmse", None, Bound(max=8)).margin is None


@pytest.mark.parametrize("bound", [Bound(min=3), Bound(max=3), Bound(min=3, max=3)])
def test_a_value_at_a_bound_passes_and_the_next_one_beyond_it_does_not(bound: Bound) -> None:
    assert within("rmse", 3.0, bound).passed
    assert within("rmse", math.nextafter(3.0, 0), bound).passed == (bound.min is None)
    assert within("rmse", math.nextafter(3.0, 9), bound).passed == (bound.max is None)


def test_a_check_counts_unless_it_says_that_it_was_skipped() -> None:
    assert not within("rmse", 3.0, Bound(max=8)).skipped
    assert not Check("rmse", passed=True, reason="").skipped


def test_a_result_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        within("rmse", 9.0, Bound(max=8)).passed = True  # type: ignore[misc] # on purpose
    with pytest.raises(FrozenInstanceError):
        SliceResult("night", "hour < 6", 20).rows = 50  # type: ignore[misc] # on purpose
