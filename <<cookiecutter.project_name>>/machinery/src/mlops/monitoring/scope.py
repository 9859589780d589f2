"""What rules are applied to, and the value of a rule in one window. Pure: no session, no client, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..config.monitoring_rules import OF_NUMBERS, OF_TEXTS, Rule
from .readings import ALL_MODELS, ALL_ROWS, TABLE, Place, Readings, Slice

# What a rule says about a column. `quiet`: too few windows breach the bound, or could if they had a value. All
# others but `breach` mean that the rule could not decide, each for its own reason.
Status = Literal["quiet", "breach", "too_few_rows", "no_value", "no_baseline", "no_labels", "no_window"]


@dataclass(frozen=True)
class Scope:
    """What rules are applied to.

    Attributes:
        readings: The metrics.
        windows: The starts of the complete windows to look at, in order, whether they have rows or not.
        columns: The inputs and the prediction.
        label: The label.
        champion: The version of the champion.
        quality: The metric of the profile that quality rules look at.
        reference: Its value on the champion's held-out rows; None if it is not known.
        greater_is_better: Whether a greater value of it is better.
    """

    readings: Readings
    windows: Sequence[datetime]
    columns: Sequence[str]
    label: str
    champion: str
    quality: str
    reference: float | None
    greater_is_better: bool


def bound_breached_by(rule: Rule, value: float) -> float | None:
    """Return the bound that a value breaches, or None."""
    if rule.max is not None and value > rule.max:
        return rule.max
    return rule.min if rule.min is not None and value < rule.min else None


def significant(rule: Rule, scope: Scope, place: Place) -> bool:
    """Return whether chance can hardly explain the value. Without a p-value, the value alone decides."""
    pvalue = None if rule.pvalue is None else scope.readings.pvalue(place)
    return pvalue is None or rule.pvalue is None or pvalue <= rule.pvalue


def rows_that_count(rule: Rule, scope: Scope, start: datetime, part: Slice) -> int:
    """Return the rows of a window that count: for quality, the champion's rows with a label."""
    if rule.measure != "quality":
        return scope.readings.rows(start, part)
    rows = scope.readings.rows(start, part, scope.champion)
    unlabelled = scope.readings.profile.get(Place(start, part, scope.champion, scope.label), {}).get("num_nulls")
    return rows - int(unlabelled or 0)


def value_in(rule: Rule, scope: Scope, start: datetime, part: Slice, column: str) -> float | None:
    """Return what the rule measures in a window; None if it cannot be measured."""
    readings = scope.readings
    if rule.measure == "rows":
        return float(readings.rows(start, part))
    if rule.measure == "nulls":
        now = readings.missing(Place(start, part, ALL_MODELS, column))
        before = readings.missing(Place(None, part, ALL_MODELS, column))
        return None if now is None else now - (before or 0.0)
    if rule.measure == "quality":
        now = readings.number(Place(start, part, scope.champion, TABLE), scope.quality)
        reference = _reference(scope, part)
        return None if now is None or not reference else _worse(now, reference, scope.greater_is_better)
    return readings.number(Place(start, part, ALL_MODELS, column), rule.measure)


def _reference(scope: Scope, part: Slice) -> float | None:
    """Return the metric of the same rows when the champion was trained: some slices are harder than others."""
    if part == ALL_ROWS:
        return scope.reference
    return scope.readings.number(Place(None, part, ALL_MODELS, TABLE), scope.quality)


def _worse(now: float, reference: float, greater_is_better: bool) -> float:  # noqa: FBT001 - one of three numbers
    """Return by which share of the reference the metric is worse; negative if it is better."""
    return ((reference - now) if greater_is_better else (now - reference)) / abs(reference)


def why_too_few(rule: Rule, scope: Scope, start: datetime, part: Slice, count: int) -> Status:
    """Return why a window has too few rows that count."""
    if not scope.readings.rows(start, part):
        return "no_window"
    has_rows = scope.readings.rows(start, part, scope.champion) >= rule.at_least
    return "no_labels" if rule.measure == "quality" and has_rows and not count else "too_few_rows"


def why_none(rule: Rule, scope: Scope, start: datetime, part: Slice, column: str) -> Status:
    """Return why a window with enough rows has no value."""
    if rule.measure == "quality":
        return "no_labels" if _reference(scope, part) else "no_baseline"
    drift = rule.measure in (*OF_NUMBERS, *OF_TEXTS)
    has_profile = scope.readings.missing(Place(start, part, ALL_MODELS, column)) is not None
    return "no_baseline" if drift and has_profile and not _in_reference(scope, column) else "no_value"


def _in_reference(scope: Scope, column: str) -> bool:
    return bool(scope.readings.profile.get(Place(None, ALL_ROWS, ALL_MODELS, column), {}).get("count"))
