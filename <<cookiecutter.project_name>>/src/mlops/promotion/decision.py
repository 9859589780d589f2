"""When a model may move on: pure decisions, closed whenever something is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ..config.validation import Promotion
from ..evaluation.bootstrap import Interval
from ..validation.check import Check

_ROUNDING = 1e-12  # a gain of less, as a share of the incumbent's metric, is none


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


def decide(  # noqa: PLR0913 - what is compared, how surely, and how to call it
    policy: Promotion, metric: str, gain: Interval, *, challenger: float, incumbent: float, incumbent_is: str
) -> Decision:
    """Open for a challenger that the policy lets pass, at the confidence that it asks for.

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
