"""Decides whether a model may proceed: pure functions that keep a gate closed whenever something is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ..config.validation import Promotion
from ..evaluation.bootstrap import Interval
from ..validation.check import Check

_ROUNDING = 1e-12  # a smaller gain, as a share of the incumbent's metric, counts as none


@dataclass(frozen=True)
class Decision:
    """Whether a gate opens, and why: one sentence per check."""

    passed: bool
    reasons: tuple[str, ...]

    @classmethod
    def of(cls, checks: Sequence[Check]) -> Self:
        """Open the gate if every check passed and at least one was not skipped."""
        looked = [check for check in checks if not check.skipped]
        return cls(bool(looked) and all(check.passed for check in looked), tuple(check.reason for check in checks))

    def __str__(self) -> str:
        return "; ".join(self.reasons)


def decide(  # noqa: PLR0913 - the policy, the numbers that it compares, and their names
    policy: Promotion, metric: str, gain: Interval, *, challenger: float, incumbent: float, incumbent_is: str
) -> Decision:
    """Open the gate if the challenger meets the policy at its confidence level.

    Args:
        policy: `better` and `business` require a gain of more than the margin, `not_worse` a loss of less than it.
        metric: The name of what was compared.
        gain: How much better the challenger is, with a confidence interval.
        challenger: The challenger's metric.
        incumbent: The metric of the champion, or of the naive baseline if there is no champion.
        incumbent_is: The name of the incumbent in the reason, for example `champion version 3`.
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
