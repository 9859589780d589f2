"""The result of one check of a version."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..config.validation import Bound


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
    """

    name: str
    passed: bool
    reason: str
    value: float | None = None
    bound: str = ""
    skipped: bool = False
    accepted: tuple[str, ...] = ()


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
    return Check(name, passed, reason, value, limits)
