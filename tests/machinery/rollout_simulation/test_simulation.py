"""A few of the cells of the tables of `rollout_simulation`, with fewer rollouts."""

from __future__ import annotations

import pytest

from rollout_simulation.measures import SETTINGS, Kind, Mode, outcomes, share
from rollout_simulation.worlds import (
    AT_MARGIN,
    BAD_CALLERS,
    BETTER,
    CRASHING,
    EQUAL,
    FAR,
    HEAVY,
    SLOW,
    TWICE,
    WORLDS,
)

FEW = 10


@pytest.mark.parametrize(
    ("mode", "challenger", "kind"),
    [
        ("canary", BETTER, "promoted"),
        ("canary", EQUAL, "promoted"),
        ("canary", TWICE, "worse"),
        ("canary", FAR, "worse"),
        ("canary", CRASHING, "guardrail"),
        ("canary", SLOW, "guardrail"),
        ("canary", BAD_CALLERS, "promoted"),
        ("ab", BETTER, "promoted"),
        ("ab", TWICE, "worse"),
        ("ab", CRASHING, "guardrail"),
    ],
)
def test_the_right_verdict_is_reached(mode: Mode, challenger: str, kind: Kind) -> None:
    assert share(outcomes(WORLDS[challenger], SETTINGS[mode], FEW), kind) >= 0.9


@pytest.mark.parametrize(("mode", "challenger"), [("canary", AT_MARGIN), ("ab", EQUAL), ("ab", HEAVY)])
def test_a_challenger_that_is_just_not_good_enough_is_hardly_ever_promoted(mode: Mode, challenger: str) -> None:
    days = SETTINGS[mode].model_copy(update={"max_hours": 100})
    found = outcomes(WORLDS[challenger], days, 2 * FEW)
    assert share(found, "promoted") <= 0.1
    assert share(found, "no result") >= 0.8


def test_a_crashing_challenger_sees_few_requests_and_a_much_worse_one_never_the_last_step() -> None:
    assert max(one.hours for one in outcomes(WORLDS[CRASHING], SETTINGS["canary"], FEW)) <= 8
    assert max(one.hours for one in outcomes(WORLDS[FAR], SETTINGS["canary"], FEW)) < 48
