"""Applies one rule to the metrics of the last windows. Pure: no session, no client, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


@dataclass(frozen=True)
class Finding:
    """What a rule says about one column and slice.

    Attributes:
        rule: The name of the rule.
        measure: What it measures.
        column: The column; empty for all rows.
        slice: The slice.
        status: The result.
        severity: `warn` or `retrain`.
        value: The value in the last window that has one.
        bound: The bound that was breached, or else the one that applies.
        breaches: How many windows breach it.
        needed: How many must.
        window: The start of the last window; None if there is none.
        rows: The rows of that window that count.
    """

    rule: str
    measure: str
    column: str
    slice: Slice
    status: Status
    severity: str
    value: float | None
    bound: float | None
    breaches: int
    needed: int
    window: datetime | None
    rows: int

    def __str__(self) -> str:
        what = " of ".join(part for part in (self.measure, self.column) if part)
        where = f" where {self.slice}" if str(self.slice) else ""
        if self.status == "breach":
            return (
                f"{what}{where} is {self.value:.3g}, bound {self.bound:.3g}, in {self.breaches} windows ({self.rule})"
            )
        return f"{what}{where}: {self.status.replace('_', ' ')} ({self.rule})"


def apply(name: str, rule: Rule, scope: Scope) -> Iterator[Finding]:
    """Yield what a rule says about each column, of all rows and, if the rule asks for it, of each slice."""
    for part in (ALL_ROWS, *(scope.readings.slices if rule.slices else ())):
        for column in _columns(rule, scope):
            yield _finding(name, rule, scope, part, column)


def _columns(rule: Rule, scope: Scope) -> Sequence[str]:
    if rule.measure in {"quality", "rows"}:
        return ("",)
    if rule.columns:
        return rule.columns
    if rule.measure == "nulls":
        return scope.columns
    kind = "string" if rule.measure in OF_TEXTS else "double"
    return [name for name in scope.columns if _kind(scope, name) in {kind, None}]


def _kind(scope: Scope, column: str) -> str | None:
    """Return whether a column holds numbers or texts, as far as the metrics tell."""
    for place, row in scope.readings.profile.items():
        if place.column == column and row.get("data_type"):
            return "string" if row["data_type"] in {"string", "boolean"} else "double"
    return None


def _finding(name: str, rule: Rule, scope: Scope, part: Slice, column: str) -> Finding:
    values: list[float] = []
    breaches: list[float] = []
    rows = 0
    status: Status = "no_window"
    looked_at = scope.windows[-rule.of_last :]
    for start in looked_at:
        count = _rows(rule, scope, start, part)
        if rule.measure != "rows" and count < rule.at_least:
            status = _why_too_few(rule, scope, start, part, count)
            continue
        value = _value(rule, scope, start, part, column)
        if value is None:
            status = _why_none(rule, scope, start, part, column)
            continue
        values.append(value)
        rows = count
        if _breached(rule, value) is not None and _significant(rule, scope, Place(start, part, ALL_MODELS, column)):
            breaches.append(value)
    if len(breaches) >= rule.windows:
        status = "breach"
    elif values and len(breaches) + len(looked_at) - len(values) < rule.windows:
        status = "quiet"  # whatever the windows without a value would have said
    last = values[-1] if values else None
    bound = rule.max if rule.max is not None else rule.min
    if breaches:
        bound = _breached(rule, breaches[-1])
    return Finding(
        rule=name,
        measure=rule.measure,
        column=column,
        slice=part,
        status=status,
        severity=rule.severity if part == ALL_ROWS else "warn",
        value=breaches[-1] if status == "breach" else last,
        bound=bound,
        breaches=len(breaches),
        needed=rule.windows,
        window=scope.windows[-1] if scope.windows else None,
        rows=rows,
    )


def _breached(rule: Rule, value: float) -> float | None:
    """Return the bound that a value breaches, or None."""
    if rule.max is not None and value > rule.max:
        return rule.max
    return rule.min if rule.min is not None and value < rule.min else None


def _significant(rule: Rule, scope: Scope, place: Place) -> bool:
    """Return whether chance can hardly explain the value. Without a p-value, the value alone decides."""
    found = None if rule.pvalue is None else scope.readings.pvalue(place)
    return found is None or rule.pvalue is None or found <= rule.pvalue


def _rows(rule: Rule, scope: Scope, start: datetime, part: Slice) -> int:
    """Return the rows of a window that count: for quality, the champion's rows with a label."""
    if rule.measure != "quality":
        return scope.readings.rows(start, part)
    rows = scope.readings.rows(start, part, scope.champion)
    unlabelled = scope.readings.profile.get(Place(start, part, scope.champion, scope.label), {}).get("num_nulls")
    return rows - int(unlabelled or 0)


def _value(rule: Rule, scope: Scope, start: datetime, part: Slice, column: str) -> float | None:
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
        return None if now is None or not scope.reference else _worse(now, scope.reference, scope.greater_is_better)
    return readings.number(Place(start, part, ALL_MODELS, column), rule.measure)


def _worse(now: float, reference: float, greater_is_better: bool) -> float:  # noqa: FBT001 - one of three numbers
    """Return by which share of the reference the metric is worse; negative if it is better."""
    return ((reference - now) if greater_is_better else (now - reference)) / abs(reference)


def _why_too_few(rule: Rule, scope: Scope, start: datetime, part: Slice, count: int) -> Status:
    if not scope.readings.rows(start, part):
        return "no_window"
    has_rows = scope.readings.rows(start, part, scope.champion) >= rule.at_least
    return "no_labels" if rule.measure == "quality" and has_rows and not count else "too_few_rows"


def _why_none(rule: Rule, scope: Scope, start: datetime, part: Slice, column: str) -> Status:
    if rule.measure == "quality":
        return "no_baseline" if not scope.reference else "no_labels"
    drift = rule.measure in (*OF_NUMBERS, *OF_TEXTS)
    has_profile = scope.readings.missing(Place(start, part, ALL_MODELS, column)) is not None
    return "no_baseline" if drift and has_profile and not _in_baseline(scope, column) else "no_value"


def _in_baseline(scope: Scope, column: str) -> bool:
    return bool(scope.readings.profile.get(Place(None, ALL_ROWS, ALL_MODELS, column), {}).get("count"))
