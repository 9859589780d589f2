import math

import pytest

from mlops.config.validation import Bound, Promotion
from mlops.evaluation.bootstrap import Interval
from mlops.promotion.decision import Decision, decide
from mlops.validation.check import Check, within

POLICY = {"margin": 0.1, "confidence": 0.95, "resamples": 100, "seed": 0}


def test_one_failed_check_closes_the_gate_and_every_reason_is_given() -> None:
    decision = Decision.of([within("rmse", 9.0, Bound(max=8)), within("r2", 0.9, Bound(min=0.5))])
    assert not decision.passed
    assert decision.reasons == ("rmse 9 is above 8", "r2 0.9 is within its bounds")


def test_a_gate_stays_closed_if_nothing_was_checked() -> None:
    skipped = Check("slice", passed=True, reason="too few rows", skipped=True)
    assert not Decision.of([]).passed
    assert not Decision.of([skipped]).passed
    assert Decision.of([skipped, within("rmse", 1.0, Bound(max=8))]).passed
    assert not Decision.of([Check("slice", passed=False, reason="", skipped=False), skipped]).passed


@pytest.mark.parametrize(
    ("policy", "low", "passed", "verdict"),
    [
        ("better", 0.41, True, "beats"),
        ("better", 0.4, False, "does not beat"),
        ("better", -0.1, False, "does not beat"),
        ("business", 0.41, True, "beats"),
        ("business", 0.1, False, "does not beat"),
        ("better", 0.4 + 1e-15, False, "does not beat"),
        ("not_worse", -0.39, True, "is not worse than"),
        ("not_worse", -0.4, False, "may be worse than"),
    ],
)
def test_the_lower_end_of_the_gain_must_clear_the_policys_bar(
    policy: str, low: float, *, passed: bool, verdict: str
) -> None:
    decision = decide(
        Promotion.model_validate({"policy": policy, **POLICY}),
        "rmse",
        Interval(0.5, low, 0.6),
        challenger=3.5,
        incumbent=-4.0,
        incumbent_is="version 3",
    )
    assert decision.passed == passed
    assert str(decision).startswith(
        f"challenger rmse 3.5 {verdict} version 3 rmse -4: gain 0.5 [{low:.4g}, 0.6] at 95%"
    )


@pytest.mark.parametrize("position", range(5))
def test_a_missing_number_keeps_the_gate_closed(position: int) -> None:
    numbers = [1.0, 1.0, 1.0, 1.0, 1.0]
    numbers[position] = math.nan
    gain, challenger, incumbent = Interval(*numbers[:3]), numbers[3], numbers[4]
    policy = Promotion.model_validate({"policy": "not_worse", **POLICY})
    decision = decide(policy, "r2", gain, challenger=challenger, incumbent=incumbent, incumbent_is="the champion")
    assert (decision.passed, str(decision)) == (False, "r2 of the challenger or of the champion is missing")
