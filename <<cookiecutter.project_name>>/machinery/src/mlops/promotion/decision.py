"""Decides whether a model may proceed: pure functions that keep a gate closed whenever something is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from ..config.validation import AtLeast, Promotion
from ..statistics.blocks import Sample
from ..statistics.resampling import Interval
from ..validation.check import Check

_ROUNDING = 1e-12  # a smaller gain, as a share of the incumbent's metric, counts as none


@dataclass(frozen=True)
class Decision:
    """Whether a gate opens, and why: one sentence per check.

    Attributes:
        records: Tags that the promotion sets before it acts on the decision, by version.
    """

    passed: bool
    reasons: tuple[str, ...]
    records: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, checks: Sequence[Check]) -> Self:
        """Open the gate if every check passed and at least one was not skipped."""
        looked = [check for check in checks if not check.skipped]
        return cls(bool(looked) and all(check.passed for check in looked), tuple(check.reason for check in checks))

    def __str__(self) -> str:
        return "; ".join(self.reasons)


def shortfall(at_least: AtLeast, sample: Sample) -> tuple[str, ...]:
    """Return what the held-out rows lack to compare models on them: one sentence each, none if they suffice."""
    shortfalls = []
    if sample.rows < at_least.rows:
        shortfalls.append(
            f"there are {sample.rows} held-out rows, but a comparison needs {at_least.rows}: hold out more"
        )
    if sample.blocks < at_least.blocks:
        shortfalls.append(
            f"the held-out rows cover {sample.blocks} blocks of time, but a comparison needs {at_least.blocks}: hold "
            "out a longer period, or set promotion.block_hours to the hours after which errors are independent"
        )
    if sample.cases is not None and sample.cases < at_least.cases:
        shortfalls.append(
            f"there are {sample.cases} held-out rows of the rarest class, but a comparison needs {at_least.cases}: "
            "hold out more"
        )
    return tuple(shortfalls)


def decide(  # noqa: PLR0913 - the policy, the numbers that it compares, and their names
    policy: Promotion,
    metric: str,
    gain: Interval,
    challenger: float,
    incumbent: float,
    *,
    incumbent_is: str,
    place: int = 1,
) -> Decision:
    """Open the gate if the challenger meets the policy at its confidence level.

    Args:
        policy: `better` and `business` require a gain of more than the margin, `not_worse` a loss of less than it. Its
            confidence is that of `gain`.
        metric: The name of what was compared.
        gain: How much better the challenger is, with a confidence interval.
        challenger: The challenger's metric.
        incumbent: The metric of the champion, or of the naive baseline if there is no champion.
        incumbent_is: The name of the incumbent in the reason, for example `champion version 3`.
        place: The place of this comparison among those with the incumbent on overlapping rows, for the reason.
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
        f"gain {gain} at {100 * policy.confidence:.6g}% confidence, {bar:.4g} needed"
    )
    again = [f"challenge {place} on overlapping rows: each further challenge needs more confidence"]
    return Decision(passed, (reason, *(again if place > 1 else [])))


def beats(gain: Interval, incumbent: float) -> bool:
    """Return whether the challenger is better than the incumbent, by however little, at the confidence of the gain."""
    return gain.low > _ROUNDING * abs(incumbent)
