"""When a model may move on: pure decisions, closed whenever something is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from .bootstrap import Interval
from .settings.gates import Bound, Promotion

_ROUNDING = 1e-12  # a gain of less, as a share of the incumbent's metric, is none


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What was looked at.
        passed: Whether it is as it must be. What was skipped by the policy counts as passed.
        reason: A sentence that says why.
        value: What was measured, where it is a number.
        bound: What it was held against, as text.
        skipped: Whether the policy let it be skipped.
    """

    name: str
    passed: bool
    reason: str
    value: float | None = None
    bound: str = ""
    skipped: bool = False


@dataclass(frozen=True)
class Decision:
    """Whether a gate opens, and why: one sentence a check."""

    passed: bool
    reasons: tuple[str, ...]

    @classmethod
    def of(cls, checks: Sequence[Check]) -> Self:
        """Open if every check passed, and one at least was not skipped."""
        looked = [check for check in checks if not check.skipped]
        return cls(bool(looked) and all(check.passed for check in looked), tuple(check.reason for check in checks))

    def __str__(self) -> str:
        return "; ".join(self.reasons)


def within(name: str, value: float | None, bound: Bound, unit: str = "") -> Check:
    """Pass a value that is present, finite and in its range, bounds included."""
    limits = str(bound)
    if value is None or not math.isfinite(value):
        return Check(name, passed=False, reason=f"{name} is missing", bound=limits)
    shown = f"{name} {value:.4g}{unit and f' {unit}'}"
    passed, reason = True, f"{shown} is within its bounds"
    if bound.min is not None and value < bound.min:
        passed, reason = False, f"{shown} is below {bound.min:g}"
    if bound.max is not None and value > bound.max:
        passed, reason = False, f"{shown} is above {bound.max:g}"
    return Check(name, passed, reason, value, limits)


def promote(  # noqa: PLR0913 - what is compared, how surely, and how to call it
    policy: Promotion, metric: str, gain: Interval, *, challenger: float, incumbent: float, incumbent_is: str
) -> Decision:
    """Open for a challenger that the policy lets pass, as surely as its confidence asks for.

    Args:
        policy: `better` and `business` ask for a gain of more than the margin, `not_worse` for a loss of less.
        metric: How to call what was compared.
        gain: By how much the challenger is better, with its interval.
        challenger: The challenger's metric.
        incumbent: The metric of the champion, or of the naive baseline where there is no champion.
        incumbent_is: How to call the incumbent in the reason, for example `champion version 3`.
    """
    numbers = (gain.gain, gain.low, gain.high, challenger, incumbent)
    if not all(math.isfinite(number) for number in numbers):
        return Decision(passed=False, reasons=(f"{metric} of the challenger or of {incumbent_is} is missing",))
    margin = policy.margin * abs(incumbent)
    bar = -margin if policy.policy == "not_worse" else margin
    passed = gain.low > bar + _ROUNDING * abs(incumbent)
    verb = "is not worse than" if policy.policy == "not_worse" else "beats"
    verdict = verb if passed else {"beats": "does not beat"}.get(verb, "may be worse than")
    reason = (
        f"challenger {metric} {challenger:.4g} {verdict} {incumbent_is} {metric} {incumbent:.4g}: "
        f"gain {gain} at {policy.confidence:.0%} confidence, {bar:.4g} needed"
    )
    return Decision(passed, (reason,))
