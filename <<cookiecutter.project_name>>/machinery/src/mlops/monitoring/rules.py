"""Applies one rule to the metrics of the last windows. Pure, as `scope`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..config.monitoring_rules import OF_TEXTS, Rule
from .readings import ALL_MODELS, ALL_ROWS, Place, Slice
from .scope import Scope, Status, bound_breached_by, rows_that_count, significant, value_in, why_none, why_too_few


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
        count = rows_that_count(rule, scope, start, part)
        if rule.measure != "rows" and count < rule.at_least:
            status = why_too_few(rule, scope, start, part, count)
            continue
        value = value_in(rule, scope, start, part, column)
        if value is None:
            status = why_none(rule, scope, start, part, column)
            continue
        values.append(value)
        rows = count
        if bound_breached_by(rule, value) is not None and significant(
            rule, scope, Place(start, part, ALL_MODELS, column)
        ):
            breaches.append(value)
    if len(breaches) >= rule.windows:
        status = "breach"
    elif values and len(breaches) + len(looked_at) - len(values) < rule.windows:
        status = "quiet"  # whatever the windows without a value would have said
    last = values[-1] if values else None
    bound = rule.max if rule.max is not None else rule.min
    if breaches:
        bound = bound_breached_by(rule, breaches[-1])
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
