"""What ends a rollout at once, whatever the losses: errors, slow answers, and traffic that is not split as recorded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ...config.serving import Guardrails
from ...statistics import e_values
from .look import CHALLENGER, CHAMPION, Look, Verdict
from .record import Rollout

_MISMATCH = 0.001  # alpha of the test whether the traffic is split as recorded


@dataclass(frozen=True)
class Guardrail:
    """A bound of the share of requests that a field of `Cell` counts; `effect` tells what they did."""

    field: str
    effect: str
    bound: float


def guardrails(settings: Guardrails) -> Iterator[Guardrail]:
    """Yield the guardrails that are set."""
    if settings.max_error_share is not None:
        yield Guardrail("failed", "failed", settings.max_error_share)
    if settings.max_latency_ms is not None:
        yield Guardrail("slow", f"took longer than {settings.max_latency_ms:g} ms", settings.max_slow_share)


def broken(rollout: Rollout, look: Look) -> Verdict | None:
    """Return why the rollout ends at once, or cannot be judged yet; None if neither is so.

    A guardrail ends the rollout if the challenger's share is above the bound and above the champion's: each of the two
    must be shown at the same level, so a fault that both versions share, such as callers with bad requests, ends none.
    All guardrails together end the rollout of a challenger that keeps them with probability alpha at most.
    """
    if look.unknown:
        reason = f"{look.unknown} requests were answered by entities whose version the platform does not tell yet"
        return Verdict("none", reason)
    bars = list(guardrails(rollout.settings.guardrails))
    for bar in bars:
        if verdict := _above(bar, look, rollout.settings.alpha / len(bars)):
            return verdict
    # Callers who assign users themselves send all requests of a user to one version, so requests are no coin tosses.
    return None if rollout.settings.unit else _mismatch(look)


def _above(bar: Guardrail, look: Look, alpha: float) -> Verdict | None:
    bad, requests = (look.count(field, challenger=CHALLENGER) for field in (bar.field, "requests"))
    above_bound = e_values.share_above(bad, requests, bar.bound)
    above_champion = e_values.more_than_its_share(look.splits(bar.field))
    if min(above_bound, above_champion) < -math.log(alpha):
        return None
    other, of = (look.count(field, challenger=CHAMPION) for field in (bar.field, "requests"))
    return Verdict(
        "abort",
        f"{bad} of {requests} requests to the challenger {bar.effect}, but only {other} of {of} to the champion, and "
        f"{bar.bound:.3g} of all may",
    )


def _mismatch(look: Look) -> Verdict | None:
    splits = look.splits("requests")
    if e_values.other_than_its_share(splits) < -math.log(_MISMATCH):
        return None
    got = ", ".join(
        f"{split.challenger} of {split.challenger + split.champion} at {100 * split.share:.0f} %" for split in splits
    )
    return Verdict(
        "abort",
        f"the traffic is not split as recorded (the challenger got {got}), so the versions cannot be compared: "
        "somebody changed the endpoint, or requests were lost",
    )
