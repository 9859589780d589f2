"""Decides what happens to a rollout: pure functions of its record and of what was seen of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from . import e_values
from .confidence_sequence import UNKNOWN, Difference, difference
from .look import CHALLENGER, CHAMPION, Look
from .record import Rollout

Action = Literal["none", "widen", "finish", "abort"]

_MISMATCH = 0.001  # alpha of the test whether the traffic is split as recorded
_NARROWEST = 4  # times the first look: the interval is narrowest when there is this much more evidence


@dataclass(frozen=True)
class Verdict:
    """What to do, and why.

    Attributes:
        action: `none`, `widen` to the share, `finish` with the challenger as champion, or `abort` and keep the champion.
        reason: A sentence with the numbers that decided.
        share: The share to widen to, in percent.
        difference: The challenger's mean loss minus the champion's, with the interval at this look.
    """

    action: Action
    reason: str
    share: int = 0
    difference: Difference = UNKNOWN


def decide(rollout: Rollout, look: Look, now: datetime) -> Verdict:
    """Return what happens to a rollout after a look.

    Guardrails come first: they end it at once. A rollout without a result ends when its time is up, and the champion is
    kept.
    """
    if rollout.ending == "finish":
        return Verdict("finish", rollout.why)
    if rollout.ending:
        return Verdict("abort", rollout.why)
    verdict = _broken(rollout, look) or _compared(rollout, look, now)
    verdict = replace(verdict, difference=compare(rollout, look, 1.0))
    if verdict.action in {"none", "widen"} and now >= rollout.expires:
        late = f"no result within {rollout.settings.max_hours:g} hours, so the champion is kept: {verdict.reason}"
        return replace(verdict, action="abort", reason=late, share=0)
    return verdict


def compare(rollout: Rollout, look: Look, multiple: float) -> Difference:
    """Return the challenger's mean loss minus a multiple of the champion's, with the interval at this look."""
    settings = rollout.settings
    # The weights of the requests when the challenger has its minimum: known before the first of them.
    first = settings.min_requests * (1 - settings.steps[0] / 100)
    return difference(look.moments, multiple, settings.alpha, _NARROWEST * first)


def guards(rollout: Rollout) -> Iterator[tuple[str, str, float]]:
    """Yield each guardrail: the field of `Cell` that it counts, what that is, and its bound."""
    bounds = rollout.settings.guardrails
    if bounds.max_error_share is not None:
        yield "failed", "failed", bounds.max_error_share
    if bounds.max_latency_ms is not None:
        yield "slow", f"took longer than {bounds.max_latency_ms:g} ms", bounds.max_slow_share


def _broken(rollout: Rollout, look: Look) -> Verdict | None:
    """Return why the rollout must end at once, or cannot be judged yet, or None."""
    if look.unknown:
        return Verdict(
            "none",
            f"{look.unknown} requests were answered by served entities whose versions the platform does not tell yet",
        )
    bars = list(guards(rollout))
    needed = math.log(len(bars) / rollout.settings.alpha) if bars else math.inf
    for field, said, bound in bars:
        bad, requests = (look.count(what, challenger=CHALLENGER) for what in (field, "requests"))
        above = e_values.share_above(bad, requests, bound)
        if min(above, e_values.more_than_its_share(look.splits(field))) >= needed:
            other, of = (look.count(what, challenger=CHAMPION) for what in (field, "requests"))
            return Verdict(
                "abort",
                f"{bad} of {requests} requests to the challenger {said} (bound {bound:.3g}), and {other} of {of} to the "
                "champion",
            )
    # Callers who assign users themselves send many requests of a user to one version, so requests are no coin tosses.
    if rollout.settings.unit is None and (
        e_values.other_than_its_share(look.splits("requests")) >= -math.log(_MISMATCH)
    ):
        got = ", ".join(
            f"{one.challenger} of {one.challenger + one.champion} at {100 * one.share:.0f} %"
            for one in look.splits("requests")
        )
        return Verdict(
            "abort",
            f"the traffic is not split as recorded (the challenger got {got}), so the versions cannot be compared: "
            "somebody changed the endpoint, or requests are lost",
        )
    return None


def _compared(rollout: Rollout, look: Look, now: datetime) -> Verdict:
    """Return what follows from the losses."""
    settings = rollout.settings
    if rollout.next_share is not None:
        return Verdict("widen", "the endpoint has not been seen ready with this share", rollout.next_share)
    least = min(look.count("labelled", challenger=one) for one in (CHALLENGER, CHAMPION))
    here = min(look.count("labelled", challenger=one, share=rollout.share) for one in (CHALLENGER, CHAMPION))
    waiting = f"{here} of {settings.min_requests} requests with labels at {rollout.share} %"
    if least < settings.min_requests:
        return Verdict("none", waiting)
    excess, allowed = compare(rollout, look, settings.tolerance), _allowed(settings.tolerance)
    if excess.low > 0:
        return Verdict("abort", f"the challenger is worse {allowed}: {_losses(look, excess)}")
    later = next((share for share in settings.steps if share > rollout.share), None)
    lasts = timedelta(hours=settings.canary.step_hours if settings.rollout == "canary" else 0)
    until = datetime.fromtimestamp(rollout.stages[-1].start, now.tzinfo) + lasts
    if here < settings.min_requests or now < until:
        when = "" if now >= until else f", and the step lasts until {until:%Y-%m-%d %H:%M} UTC"
        return Verdict("none", waiting + when)
    if later is not None:
        return Verdict("widen", f"the challenger is not seen to be worse {allowed}: {_losses(look, excess)}", later)
    if excess.high < 0:
        return Verdict("finish", f"the challenger is {_good(settings.tolerance)}: {_losses(look, excess)}")
    return Verdict("none", f"not decided: {_losses(look, excess)}")


def _allowed(tolerance: float) -> str:
    return "than the champion" if tolerance == 1 else f"than the champion by more than {tolerance - 1:.3g} of its loss"


def _good(tolerance: float) -> str:
    return "better than the champion" if tolerance == 1 else f"not worse {_allowed(tolerance)}"


def _losses(look: Look, excess: Difference) -> str:
    """Return the mean losses, and the interval that decided: of the challenger's loss minus what is allowed."""
    found = [
        f"{name} {look.mean_loss(challenger=one):.4g} on {look.count('labelled', challenger=one)} requests"
        for name, one in (("loss", CHALLENGER), ("champion", CHAMPION))
    ]
    return f"{', '.join(found)}, minus the bound {excess}"
