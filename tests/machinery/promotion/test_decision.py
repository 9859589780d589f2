import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from mlops.config.validation import AtLeast, Bound, Promotion
from mlops.promotion.decision import Decision, beats, decide, shortfall
from mlops.statistics.blocks import Sample
from mlops.statistics.resampling import Interval
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
        3.5,
        -4.0,
        incumbent_is="version 3",
    )
    assert decision.passed == passed
    assert str(decision).startswith(
        f"challenger rmse 3.5 {verdict} version 3 rmse -4: gain 0.5 [{low:.4g}, 0.6] at 95%"
    )


@pytest.mark.parametrize("policy", ["better", "business", "not_worse"])
def test_a_gain_of_exactly_what_is_needed_is_too_small(policy: str) -> None:
    settings = Promotion.model_validate({"policy": policy, **POLICY})
    bar = -0.4 if policy == "not_worse" else 0.4
    at_the_bar = bar + 1e-12 * 4.0  # the bar and what counts as no gain
    for low, passed in [(at_the_bar, False), (math.nextafter(at_the_bar, 1), True)]:
        gain = Interval(0.5, low, 0.6)
        assert decide(settings, "rmse", gain, 3.5, 4.0, incumbent_is="version 3").passed == passed


def test_nothing_is_better_than_an_incumbent_without_any_error() -> None:
    none, settings = Interval(0.0, 0.0, 0.0), Promotion.model_validate({"policy": "better", **POLICY})
    assert not decide(settings, "rmse", none, 0.0, 0.0, incumbent_is="version 3").passed
    assert not beats(none, 0.0)


@pytest.mark.parametrize("position", range(5))
def test_a_missing_number_keeps_the_gate_closed(position: int) -> None:
    numbers = [1.0, 1.0, 1.0, 1.0, 1.0]
    numbers[position] = math.nan
    gain, challenger, incumbent = Interval(*numbers[:3]), numbers[3], numbers[4]
    policy = Promotion.model_validate({"policy": "not_worse", **POLICY})
    decision = decide(policy, "r2", gain, challenger, incumbent, incumbent_is="the champion")
    assert (decision.passed, str(decision)) == (False, "r2 of the challenger or of the champion is missing")


def test_a_repeated_challenge_says_so_and_at_which_confidence() -> None:
    policy = Promotion.model_validate({"policy": "better", **POLICY, "confidence": 0.9924})
    text = str(decide(policy, "rmse", Interval(0.5, 0.41, 0.6), 3.5, 4.0, incumbent_is="version 3", place=2))
    assert "gain 0.5 [0.41, 0.6] at 99.24% confidence, 0.4 needed; challenge 2 on overlapping rows" in text
    first = str(decide(policy, "rmse", Interval(0.5, 0.41, 0.6), 3.5, 4.0, incumbent_is="version 3"))
    assert first.endswith("0.4 needed")


def test_a_decision_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Decision.of([]).passed = True  # type: ignore[misc] # on purpose


@pytest.mark.parametrize(
    ("rows", "blocks", "cases", "reasons"),
    [
        (100, 5, 20, []),
        (100, 5, None, []),
        (99, 5, 20, ["there are 99 held-out rows, but a comparison needs 100: hold out more"]),
        (100, 4, None, ["the held-out rows cover 4 blocks of time, but a comparison needs 5: hold out a longer"]),
        (100, 5, 19, ["there are 19 held-out rows of the rarest class, but a comparison needs 20: hold out more"]),
        (3, 1, 0, ["there are 3 held-out rows", "cover 1 blocks", "there are 0 held-out rows of the rarest class"]),
    ],
)
def test_too_few_rows_blocks_or_cases_are_named(rows: int, blocks: int, cases: int | None, reasons: list[str]) -> None:
    found = shortfall(AtLeast(), Sample(np.zeros(rows, dtype=np.intp), blocks, cases))
    assert len(found) == len(reasons)
    assert all(reason in sentence for reason, sentence in zip(reasons, found, strict=True))


def test_a_version_beats_another_only_if_the_whole_interval_is_above_zero() -> None:
    assert beats(Interval(0.2, 0.1, 0.3), 4.0)
    assert not beats(Interval(0.2, 0.0, 0.3), 4.0)
    assert not beats(Interval(0.2, math.nan, 0.3), 4.0)
