"""What follows from the numbers of a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from mlops.config.serving import Guardrails, Serving
from mlops.serving.rollout.decision import decide
from mlops.serving.rollout.look import Cell, Look, Verdict
from mlops.serving.rollout.record import Rollout
from mlops.statistics.confidence_sequence import Moments

T = datetime(2026, 1, 5, 8, tzinfo=UTC)
DAY = timedelta(days=1)
CANARY, AB = (Serving(rollout=mode) for mode in ("canary", "ab"))


def at(settings: Serving, *shares: int) -> Rollout:
    """Return a rollout that has come to the last of these shares, each of which lasted a day."""
    rollout = Rollout("2", "1", T.timestamp(), settings)
    for number, share in enumerate(shares):
        rollout = rollout.before_step(share, T + number * DAY).after_step(T + number * DAY)
    return rollout


def seen(rollout: Rollout, requests: int, /, worse: float = 0.0, **counts: int) -> Look:
    """Return a look at this many requests in each stage; the challenger's loss is 1 + `worse`, the champion's 1."""
    random, cells, moments = np.random.default_rng(0), [], Moments(np.zeros(4), np.zeros((4, 4)))
    for stage in rollout.stages:
        p = stage.share / 100
        challenger = np.arange(requests) < p * requests
        loss = random.normal(size=requests) ** 2 * (1 + worse * challenger)
        terms = [(1 - p) * challenger * loss, p * ~challenger * loss, challenger - p, np.full(requests, p * (1 - p))]
        moments += Moments.of(np.stack(terms, axis=1))
        for one in (False, True):
            mine = challenger == one
            number = int(mine.sum())
            cells.append(Cell(stage.share, one, number, labelled=number))
    cells[-1] = replace(cells[-1], **counts)
    return Look(tuple(cells), moments)


def after(rollout: Rollout, days: float, look: Look) -> Verdict:
    return decide(rollout, look, T + timedelta(days=days))


def test_without_enough_labels_nothing_happens() -> None:
    rollout = at(CANARY, 5)
    found = after(rollout, 2, seen(rollout, 2000))
    assert (found.action, found.reason) == ("none", "100 of 200 requests with labels for each version at 5 %")


@pytest.mark.parametrize(("shares", "following"), [((5,), 25), ((5, 25), 50)])
def test_a_canary_widens_to_the_next_step_while_it_is_not_seen_to_be_worse(
    shares: Sequence[int], following: int
) -> None:
    rollout = at(CANARY, *shares)
    found = after(rollout, len(shares), seen(rollout, 8000))
    assert (found.action, found.share) == ("widen", following)
    early = after(rollout, len(shares) - 0.1, seen(rollout, 8000))
    assert early.action == "none"
    assert early.reason.startswith(f"the step with {shares[-1]} % lasts until 2026-01-0")


def test_each_step_needs_labels_of_its_own() -> None:
    rollout = at(CANARY, 5, 25)
    look = seen(at(CANARY, 5), 100_000)
    few = Look((*look.cells, Cell(25, challenger=True, requests=50, labelled=50)), look.moments)
    assert after(rollout, 3, few).reason.startswith("0 of 200 requests")


def test_a_canary_finishes_after_the_last_step_when_it_cannot_be_worse_by_more_than_the_margin() -> None:
    rollout = at(CANARY, 5, 25, 50)
    found = after(rollout, 3, seen(rollout, 60_000))
    assert found.action == "finish"
    assert found.reason.startswith("the challenger is not worse by more than 5 %: mean loss ")
    assert "its loss minus 1.05 times the champion's is -0." in found.reason
    assert found.difference.low < 0 < found.difference.high
    assert after(rollout, 3, seen(rollout, 2000)).action == "none"  # as good, but not shown by so few


def test_a_worse_challenger_is_aborted_in_the_middle_of_a_step() -> None:
    for rollout in (at(CANARY, 5), at(AB, 50)):
        found = after(rollout, 0.1, seen(rollout, 20_000, worse=1.0))
        assert found.action == "abort"
        assert found.reason.startswith("the challenger is worse")


def test_too_few_requests_abort_no_challenger_however_bad_they_look() -> None:
    rollout = at(CANARY, 5)
    assert after(rollout, 0.1, seen(rollout, 2000, worse=50.0)).action == "none"
    assert after(rollout, 0.1, seen(rollout, 4000, worse=50.0)).action == "abort"


def test_worse_by_less_than_the_margin_ends_an_ab_test_but_not_a_canary() -> None:
    canary, ab = at(CANARY, 50), at(AB, 50)
    assert after(canary, 0.1, seen(canary, 400_000, worse=0.03)).action == "none"
    assert after(ab, 0.1, seen(ab, 400_000, worse=0.03)).action == "abort"


def test_an_ab_test_finishes_only_when_the_challenger_is_better() -> None:
    rollout = at(AB, 50)
    assert after(rollout, 1, seen(rollout, 100_000)).action == "none"
    found = after(rollout, 1, seen(rollout, 100_000, worse=-0.1))
    assert found.action == "finish"
    assert found.reason.startswith("the challenger is better than the champion: ")


def test_without_a_result_in_time_the_champion_is_kept() -> None:
    rollout = at(AB, 50)
    found = after(rollout, 14, seen(rollout, 100_000))
    assert found.action == "abort"
    assert found.reason.startswith("no result within 336 hours, so the champion is kept: not decided yet")
    assert after(rollout, 14, Look(())).action == "abort"
    assert after(rollout, 14, seen(rollout, 100_000, worse=-0.1)).action == "finish"
    step = at(CANARY, 5)
    assert after(step, 14, seen(step, 8000)).action == "abort"  # it would have been widened


def test_errors_end_a_rollout_at_once() -> None:
    rollout = at(CANARY, 5)
    found = after(rollout, 0.01, seen(rollout, 100, requests=5, failed=3, labelled=0))
    assert found.action == "abort"
    assert found.reason == (
        "3 of 5 requests to the challenger failed, but only 0 of 95 to the champion, and 0.01 of all may"
    )


def test_errors_of_both_versions_end_none() -> None:
    rollout = at(CANARY, 50)
    look = seen(rollout, 4000, failed=200)
    both = replace(look, cells=tuple(replace(one, failed=200) for one in look.cells))
    assert after(rollout, 0.01, both).action == "none"
    assert after(rollout, 0.01, look).action == "abort"


def test_slow_answers_end_a_rollout_at_once() -> None:
    rollout = at(AB, 50)
    found = after(rollout, 0.01, seen(rollout, 400, slow=60))
    assert found.action == "abort"
    assert found.reason.startswith("60 of 200 requests to the challenger took longer than 1000 ms")


def test_a_guardrail_without_a_bound_is_not_looked_at() -> None:
    settings = AB.model_copy(update={"guardrails": Guardrails(max_latency_ms=None, max_error_share=None)})
    rollout = at(settings, 50)
    assert after(rollout, 0.01, seen(rollout, 400, slow=60, failed=60)).action == "none"


def test_traffic_that_is_split_otherwise_than_recorded_ends_a_rollout() -> None:
    rollout = at(CANARY, 5)
    found = after(rollout, 0.1, seen(rollout, 2000, requests=400))
    assert found.action == "abort"
    assert found.reason.startswith("the traffic is not split as recorded (the challenger got 400 of 2300 at 5 %)")
    own = at(CANARY.model_copy(update={"unit": "user"}), 5)
    assert after(own, 0.1, seen(own, 2000, requests=400)).action == "none"


def test_nothing_is_decided_while_versions_of_answers_are_unknown() -> None:
    rollout = at(CANARY, 5)
    look = replace(seen(rollout, 8000, failed=400), unknown=7)
    found = after(rollout, 2, look)
    assert (found.action, found.reason[:31]) == ("none", "7 requests were answered by ent")
    assert after(rollout, 14, look).action == "abort"


def test_a_change_of_the_endpoint_that_was_not_completed_is_repeated() -> None:
    rollout = at(CANARY, 5).before_step(25, T + DAY)
    found = after(rollout, 1.1, seen(rollout, 8000))
    assert (found.action, found.share) == ("widen", 25)
    assert after(Rollout("2", "1", T.timestamp(), CANARY, next_share=5), 0.1, Look(())).share == 5


@pytest.mark.parametrize("how", ["finish", "abort"])
def test_what_was_decided_is_not_decided_again(how: str) -> None:
    rollout = at(CANARY, 5).with_ending(how, "so it was", T + DAY)
    found = after(rollout, 99, seen(rollout, 8000, failed=400))
    assert (found.action, found.reason) == (how, "so it was")
