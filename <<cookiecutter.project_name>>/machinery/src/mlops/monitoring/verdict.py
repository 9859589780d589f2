"""Decides what the findings of all rules mean: whether to warn, and whether to train again. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ..config.granularity import end
from ..config.monitoring import Retraining
from ..config.monitoring_rules import Rule
from ..profiling.base import Refresh
from .readings import ALL_ROWS, Readings
from .rules import Finding, apply
from .scope import Scope

# `refresh_failed`: the metrics are not up to date. `no_data`: there are no metrics. `waiting`: no window is complete
# yet. `no_traffic`: the last window has no rows. `cooling_down`: a training is due, but one started recently.
# `undecided`: a rule found no window that it could decide on. All but `healthy` and `waiting` are worth a look.
Kind = Literal[
    "healthy", "waiting", "undecided", "warn", "cooling_down", "retrain", "no_traffic", "no_data", "refresh_failed"
]
_MOST_REASONS = 5


@dataclass(frozen=True)
class Verdict:
    """The result of a check.

    Attributes:
        kind: What it means.
        reasons: Why, a short text each.
        findings: What each rule said.
    """

    kind: Kind
    reasons: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def retrain(self) -> bool:
        """Whether a training is to be started."""
        return self.kind == "retrain"

    @property
    def reason(self) -> str:
        """The reasons in one text; of many only the first."""
        more = len(self.reasons) - _MOST_REASONS
        shown = [*self.reasons[:_MOST_REASONS], *([f"and {more} more"] if more > 0 else [])]
        return "; ".join(shown)


def complete_windows(readings: Readings, granularity: str, as_of: datetime | None, number: int) -> list[datetime]:
    """Return the starts of the last complete windows, in order, from the first window with rows on.

    Windows without rows are among them. If `as_of` is None, every window before the newest with rows is complete.
    """
    starts = readings.starts
    if not starts:
        return []
    complete: list[datetime] = []
    start = starts[0]
    while (after := end(start, granularity)) <= (starts[-1] if as_of is None else as_of):
        complete.append(start)
        start = after
    return complete[-number:]


@dataclass(frozen=True)
class Limits:
    """How often a training may be started, and when it was.

    Attributes:
        settings: The limits.
        starts: When monitoring has started a training before.
        now: The time of the check.
    """

    settings: Retraining
    starts: Sequence[datetime]
    now: datetime

    def why_not_now(self) -> str:
        """Return why no training may be started now, or ""."""
        earlier = sorted(start for start in self.starts if start <= self.now)
        if earlier and self.now - earlier[-1] < timedelta(hours=self.settings.cool_down_hours):
            return f"cooling down: the last training was started at {earlier[-1]:%Y-%m-%d %H:%M}"
        in_week = [start for start in earlier if self.now - start < timedelta(days=7)]
        if len(in_week) >= self.settings.per_week:
            return f"cooling down: {len(in_week)} trainings were started in the last seven days"
        return ""


def decide(rules: Mapping[str, Rule], scope: Scope, refresh: Refresh, limits: Limits) -> Verdict:
    """Return the verdict.

    Args:
        rules: The rules by name.
        scope: What they are applied to.
        refresh: How the refresh of the metrics ended.
        limits: How often a training may be started.
    """
    if refresh.state != "done":
        return Verdict("refresh_failed", (f"the refresh of the metrics {_refresh_outcome(refresh)}",))
    if not scope.readings.starts:
        return Verdict("no_data", ("the metric tables have no window with rows",))
    if not scope.windows:
        return Verdict("waiting", ("no window is complete yet",))
    findings = tuple(finding for name, rule in rules.items() for finding in apply(name, rule, scope))
    kind, reasons = _meaning(rules, scope, findings, limits)
    return Verdict(kind, tuple(reasons), findings)


def _meaning(
    rules: Mapping[str, Rule], scope: Scope, findings: Sequence[Finding], limits: Limits
) -> tuple[Kind, list[str]]:
    breaches = [finding for finding in findings if finding.status == "breach"]
    due = [str(finding) for finding in breaches if finding.severity == "retrain"]
    warnings = [str(finding) for finding in breaches if finding.severity == "warn"]
    warnings += [str(finding) for finding in findings if finding.status == "no_baseline" and finding.slice == ALL_ROWS]
    if due:
        too_soon = limits.why_not_now()
        return ("cooling_down", [too_soon, *due, *warnings]) if too_soon else ("retrain", [*due, *warnings])
    if not scope.readings.rows(scope.windows[-1], ALL_ROWS):
        quiet = f"there are no predictions in the window from {scope.windows[-1]:%Y-%m-%d %H:%M}"
        return "no_traffic", [quiet, *warnings]
    if warnings:
        return "warn", warnings
    undecided = [reason for name in rules if (reason := _why_undecided(name, findings))]
    return ("undecided", undecided) if undecided else ("healthy", [])


def _refresh_outcome(refresh: Refresh) -> str:
    ended = {"failed": "failed", "slow": "did not finish in time", "refused": "was refused"}[refresh.state]
    return f"{ended}: {refresh.message}" if refresh.message else ended


def _why_undecided(rule: str, findings: Sequence[Finding]) -> str:
    """Return why a rule could not decide about any column of all rows, or ""."""
    own = [finding for finding in findings if finding.rule == rule and finding.slice == ALL_ROWS]
    if not own or any(finding.status in {"quiet", "breach"} for finding in own):
        return ""
    return f"{rule} could not decide: {own[0].status.replace('_', ' ')}"
