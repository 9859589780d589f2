"""When a model may move on: pure decisions, closed whenever something is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .config import Bound, Promotion
from .evaluation import GREATER_IS_BETTER

Metrics = Mapping[str, float]


@dataclass(frozen=True)
class Decision:
    """Whether a gate opens, and why: one sentence a check."""

    passed: bool
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join(self.reasons)


def within_bounds(metrics: Metrics, bounds: Mapping[str, Bound]) -> Decision:
    """Pass a model whose every bounded metric is present, finite and in its range."""
    checks = [_within(name, metrics.get(name), bound) for name, bound in bounds.items()]
    return Decision(bool(checks) and all(ok for ok, _ in checks), tuple(reason for _, reason in checks))


def better(metric: str, challenger: Metrics, incumbent: Metrics, policy: Promotion, *, incumbent_is: str) -> Decision:
    """Pass a challenger whose metric beats the incumbent's, on the same rows, by more than the policy's share.

    Args:
        metric: The metric that decides.
        challenger: Metrics of the challenger.
        incumbent: Metrics of the champion, or of the naive baseline where there is no champion.
        policy: By which share of the incumbent's metric the challenger must be better.
        incumbent_is: How to call the incumbent in the reason, for example `champion version 3`.
    """
    new, old = challenger.get(metric), incumbent.get(metric)
    if new is None or old is None or not (math.isfinite(new) and math.isfinite(old)):
        return Decision(passed=False, reasons=(f"{metric} of the challenger or of {incumbent_is} is missing",))
    gain = new - old if GREATER_IS_BETTER[metric] else old - new
    passed = gain > policy.min_improvement * abs(old)
    verdict = "beats" if passed else "does not beat"
    needed = f" by more than {policy.min_improvement:.1%}" if policy.min_improvement else ""
    return Decision(passed, (f"challenger {metric} {new:.4g} {verdict} {incumbent_is} {metric} {old:.4g}{needed}",))


def _within(name: str, value: float | None, bound: Bound) -> tuple[bool, str]:
    if value is None or not math.isfinite(value):
        return False, f"{name} is missing"
    if bound.min is not None and value < bound.min:
        return False, f"{name} {value:.4g} is below {bound.min:g}"
    if bound.max is not None and value > bound.max:
        return False, f"{name} {value:.4g} is above {bound.max:g}"
    return True, f"{name} {value:.4g} is within its bounds"
