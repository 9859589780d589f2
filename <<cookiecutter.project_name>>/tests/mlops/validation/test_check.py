import math

import pytest

from mlops.config.validation import Bound
from mlops.validation.check import within


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
