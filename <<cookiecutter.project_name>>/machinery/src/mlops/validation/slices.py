"""Checks of performance on slices of the held-out rows: is the version good enough on each of them?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from ..config.validation import Bound
from ..errors import ProjectError
from ..markdown_text import number, percent
from ..training.class_numbers import with_class_names
from .check import Check, SliceResult, within
from .evidence import Evidence


def slices(evidence: Evidence) -> Iterator[Check]:
    """The metrics of each slice lie within its own bounds, and the deciding one is not much worse than on all rows."""
    for name, settings in evidence.settings.validation.slices.items():
        try:
            inside = np.asarray(with_class_names(evidence.settings, evidence.rows).eval(settings.where), dtype=bool)
        except Exception as error:
            raise ProjectError(
                f"validation.slices.{name}.where {settings.where!r} cannot be evaluated: {error}"
            ) from error
        on_slice = SliceResult(name, settings.where, int(inside.sum()))
        if on_slice.rows < evidence.settings.validation.slice_rows.at_least:
            yield _too_few(on_slice, evidence)
            continue
        try:
            values = evidence.settings.measures.evaluate(evidence.label[inside], evidence.prediction[inside])
        except ValueError as error:
            reason = f"slice {name} with {on_slice.rows} rows has no metrics: {error}"
            yield Check(f"slice {name}", passed=False, reason=reason, on_slice=on_slice)
            continue
        for metric, bound in settings.metrics.items():
            yield _check_bound(_with_metric(evidence, on_slice, metric, values), values[metric], bound)
        if settings.worse_than_all is not None:
            metric = evidence.settings.metric
            result = _with_metric(evidence, on_slice, metric, values)
            yield _check_against_all(evidence, result, values[metric], settings.worse_than_all)


def comparison(worse: float) -> str:
    """Return how a metric compares with that of all rows, such as `5 % better`."""
    if not round(worse, 3):
        return "the same"
    return f"{percent(abs(worse))} {'worse' if worse > 0 else 'better'}"


def _too_few(on_slice: SliceResult, evidence: Evidence) -> Check:
    policy, count = evidence.settings.validation.slice_rows, on_slice.rows
    skipped = policy.otherwise == "skip"
    reason = f"slice {on_slice.name} has {count} rows, fewer than {policy.at_least}"
    limit = f"at least {policy.at_least} rows"
    return Check(f"slice {on_slice.name}", skipped, reason, float(count), limit, skipped, on_slice=on_slice)


def _with_metric(evidence: Evidence, on_slice: SliceResult, metric: str, values: Mapping[str, float]) -> SliceResult:
    whole = evidence.metrics
    loss = (whole[metric] - values[metric]) * (1 if evidence.settings.measures.greater_is_better(metric) else -1)
    known = bool(whole[metric]) and math.isfinite(loss)
    return replace(on_slice, metric=metric, worse=loss / abs(whole[metric]) if known else None)


def _check_bound(result: SliceResult, value: float, bound: Bound) -> Check:
    """Compare a metric with the bound that the slice itself has."""
    check = within(f"slice {result.name} {result.metric}", value, bound)
    return replace(check, reason=f"{check.reason} ({result.rows:,} rows)", on_slice=result)


def _check_against_all(evidence: Evidence, result: SliceResult, value: float, allowed: float) -> Check:
    """Compare a metric with its value on all rows, of which it may be worse by an allowed share."""
    whole = evidence.metrics[result.metric]
    sign = -1 if evidence.settings.measures.greater_is_better(result.metric) else 1
    end = whole + sign * allowed * abs(whole)
    name = f"slice {result.name} {result.metric}"
    check = within(name, value, Bound(max=end) if sign > 0 else Bound(min=end))
    verdict = f"is {comparison(result.worse or 0.0)}"
    verdict += " as" if verdict.endswith("same") else " than"
    reason = (
        f"{name} {number(value)} ({result.rows:,} rows) {verdict} {number(whole)} on all rows; "
        f"at most {percent(allowed)} worse is allowed"
    )
    return replace(
        check,
        name=f"slice {result.name} compared with all rows",
        reason=check.reason if check.value is None else reason,
        bound=f"{'at most' if sign > 0 else 'at least'} {number(end)}, {percent(allowed)} worse than on all rows",
        on_slice=result,
    )
