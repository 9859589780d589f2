import math

import pytest

from << cookiecutter.__package >>.config import Bound, Promotion
from << cookiecutter.__package >>.gates import better, within_bounds


@pytest.mark.parametrize(
    ("value", "passed", "reason"),
    [
        (5.0, True, "rmse 5 is within its bounds"),
        (8.0, True, "rmse 8 is within its bounds"),
        (8.1, False, "rmse 8.1 is above 8"),
        (0.5, False, "rmse 0.5 is below 1"),
        (math.nan, False, "rmse is missing"),
        (None, False, "rmse is missing"),
    ],
)
def test_a_metric_passes_only_inside_its_bounds(value: float | None, *, passed: bool, reason: str) -> None:
    metrics = {} if value is None else {"rmse": value}
    decision = within_bounds(metrics, {"rmse": Bound(min=1, max=8)})
    assert (decision.passed, str(decision)) == (passed, reason)


def test_one_metric_outside_fails_the_version_and_every_reason_is_given() -> None:
    decision = within_bounds({"rmse": 9.0, "r2": 0.9}, {"rmse": Bound(max=8), "r2": Bound(min=0.5)})
    assert not decision.passed
    assert decision.reasons == ("rmse 9 is above 8", "r2 0.9 is within its bounds")


def test_no_bounds_open_no_gate() -> None:
    assert not within_bounds({"rmse": 1.0}, {}).passed


@pytest.mark.parametrize(
    ("metric", "new", "old", "share", "passed"),
    [
        ("rmse", 2.0, 3.0, 0.0, True),
        ("rmse", 3.0, 2.0, 0.0, False),
        ("rmse", 2.0, 2.0, 0.0, False),
        ("rmse", 1.99, 2.0, 0.01, False),
        ("rmse", 1.97, 2.0, 0.01, True),
        ("roc_auc", 0.9, 0.8, 0.0, True),
        ("roc_auc", 0.8, 0.9, 0.0, False),
        ("r2", 0.1, -0.2, 0.0, True),
        ("rmse", math.nan, 2.0, 0.0, False),
        ("rmse", 1.0, math.nan, 0.0, False),
        ("rmse", 1.0, None, 0.0, False),
    ],
)
def test_a_challenger_must_beat_the_incumbent(
    metric: str, new: float, old: float | None, share: float, *, passed: bool
) -> None:
    incumbent = {} if old is None else {metric: old}
    decision = better(metric, {metric: new}, incumbent, Promotion(min_improvement=share), incumbent_is="the champion")
    assert decision.passed == passed
    assert "the champion" in str(decision)


def test_the_reason_of_a_comparison_gives_both_numbers() -> None:
    decision = better("rmse", {"rmse": 2}, {"rmse": 4}, Promotion(min_improvement=0.1), incumbent_is="version 3")
    assert str(decision) == "challenger rmse 2 beats version 3 rmse 4 by more than 10.0%"
