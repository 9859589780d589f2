"""Decides what happens to a rollout: pure functions of its record and of what was seen of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ...statistics.confidence_sequence import Difference, difference
from .guardrails import broken
from .look import CHALLENGER, CHAMPION, Look, Verdict
from .record import Rollout

_NARROWEST = 10  # times the evidence of the first look is where the interval is narrowest


def decide(rollout: Rollout, look: Look, now: datetime) -> Verdict:
    """Return what happens to a rollout after a look.

    What was decided before is repeated. Then come the guardrails, then the losses. A rollout that has no result when
    its time is up is aborted, so the champion is kept.

    Args:
        rollout: The record of the rollout.
        look: What was seen of it so far.
        now: The time, with its time zone.
    """
    if rollout.ending:
        return Verdict("finish" if rollout.ending == "finish" else "abort", rollout.why)
    verdict = broken(rollout, look)
    if verdict is None and rollout.next_share is not None:
        verdict = Verdict("widen", "the endpoint has not been seen ready with this share", rollout.next_share)
    verdict = replace(verdict or _by_losses(rollout, look, now), difference=compare(rollout, look, 1.0))
    if verdict.action in {"none", "widen"} and now >= rollout.expires:
        late = f"no result within {rollout.settings.max_hours:g} hours, so the champion is kept: {verdict.reason}"
        return replace(verdict, action="abort", reason=late, share=0)
    return verdict


def compare(rollout: Rollout, look: Look, multiple: float) -> Difference:
    """Return the challenger's mean loss minus a multiple of the champion's, with the interval at this look."""
    settings = rollout.settings
    # The weight of the requests when the challenger has its minimum of them in the first step.
    first = settings.min_requests * (1 - settings.steps[0] / 100)
    return difference(look.moments, multiple, settings.alpha, _NARROWEST * first)


def _by_losses(rollout: Rollout, look: Look, now: datetime) -> Verdict:
    settings = rollout.settings
    excess = compare(rollout, look, settings.tolerance)
    numbers = _losses(look, excess, settings.tolerance)
    if _fewest_labels(look) >= settings.min_requests and excess.low > 0:
        return Verdict("abort", f"the challenger is {_worse(settings.tolerance)}: {numbers}")
    if waits := _waits(rollout, look, now):
        return Verdict("none", waits)
    if (later := next((share for share in settings.steps if share > rollout.share), None)) is not None:
        return Verdict("widen", f"the challenger is not seen to be {_worse(settings.tolerance)}: {numbers}", later)
    if excess.high < 0:
        good = "better than the champion" if settings.tolerance == 1 else f"not {_worse(settings.tolerance)}"
        return Verdict("finish", f"the challenger is {good}: {numbers}")
    return Verdict("none", f"not decided yet: {numbers}")


def _fewest_labels(look: Look, share: int | None = None) -> int:
    """Return how many requests with labels the version with fewer of them has."""
    return min(look.count("labelled", challenger=challenger, share=share) for challenger in (CHALLENGER, CHAMPION))


def _waits(rollout: Rollout, look: Look, now: datetime) -> str:
    """Return what the present step still needs before anything but its end can follow, or ""."""
    settings, here = rollout.settings, _fewest_labels(look, rollout.share)
    if here < settings.min_requests:
        return f"{here} of {settings.min_requests} requests with labels for each version at {rollout.share} %"
    hours = settings.canary.step_hours if settings.rollout == "canary" else 0
    until = datetime.fromtimestamp(rollout.stages[-1].start, UTC) + timedelta(hours=hours)
    return f"the step with {rollout.share} % lasts until {until:%Y-%m-%d %H:%M} UTC" if now < until else ""


def _worse(tolerance: float) -> str:
    return "worse" if tolerance == 1 else f"worse by more than {100 * (tolerance - 1):.3g} %"


def _losses(look: Look, excess: Difference, tolerance: float) -> str:
    """Return the mean losses, and the interval that decides: of the challenger's loss minus the greatest allowed."""
    losses = [
        f"{look.mean_loss(challenger=challenger):.4g} in {look.count('labelled', challenger=challenger)} requests"
        for challenger in (CHALLENGER, CHAMPION)
    ]
    allowed = "the champion's" if tolerance == 1 else f"{tolerance:.4g} times the champion's"
    return f"mean loss {losses[0]}, the champion's {losses[1]}; its loss minus {allowed} is {excess}"
