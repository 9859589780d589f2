"""The result of one check of a version."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..config.validation import Bound


@dataclass(frozen=True)
class SliceResult:
    """What a check measured on the rows of a slice.

    Attributes:
        name: The name of the slice.
        where: The condition that its rows meet.
        rows: How many held-out rows meet it.
        metric: The metric that was measured; empty if the slice has too few rows.
        worse: By which share the metric is worse than on all held-out rows; negative if it is better.
    """

    name: str
    where: str
    rows: int
    metric: str = ""
    worse: float | None = None


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes:
        name: What was checked.
        passed: Whether the check passed. A check that the policy allows to skip counts as passed.
        reason: A sentence that explains the result.
        value: The measured value, if it is a number.
        bound: The bound that the value was compared with, as text.
        skipped: Whether the check was skipped, as the policy allows.
        accepted: The suspects that passed because they are accepted in the configuration, each with the reason.
        margin: How far the value is from its nearest bound, as `margin` returns it.
        on_slice: What was measured, if the check is of a slice.
        error: Whether the check ended in an error. It then counts as failed, but says nothing about the version.
    """

    name: str
    passed: bool
    reason: str
    value: float | None = None
    bound: str = ""
    skipped: bool = False
    accepted: tuple[str, ...] = ()
    margin: float | None = None
    on_slice: SliceResult | None = None
    error: bool = False


def margin(value: float, bound: Bound) -> float | None:
    """Return the distance of a value to its nearest bound: 0 at the bound, negative beyond it.

    The distance is a share of the bound or, with two bounds, of half the range between them, so that checks in
    different units can be compared. It is None if that is zero, because then there is nothing to compare with.
    """
    ends = [end for end in (bound.min, bound.max) if end is not None]
    scale = abs(ends[0]) if len(ends) == 1 else (ends[1] - ends[0]) / 2
    if not scale > 0:
        return None
    left = [] if bound.min is None else [value - bound.min]
    return min([*left, *([] if bound.max is None else [bound.max - value])]) / scale


def within(name: str, value: float | None, bound: Bound, unit: str = "") -> Check:
    """Return a check that passes if the value is present, finite and within the bound, inclusive."""
    limits = str(bound)
    if value is None or not math.isfinite(value):
        return Check(name, passed=False, reason=f"{name} is missing", bound=limits)
    shown = f"{name} {value:.4g}{unit and f' {unit}'}"
    passed, reason = True, f"{shown} is within its bounds"
    if bound.min is not None and value < bound.min:
        passed, reason = False, f"{shown} is below {bound.min:g}"
    if bound.max is not None and value > bound.max:
        passed, reason = False, f"{shown} is above {bound.max:g}"
    return Check(name, passed, reason, value, limits, margin=margin(value, bound))
