"""One thing that was looked at, and whether it is as it must be."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..config.validation import Bound


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
