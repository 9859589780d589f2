"""Prints what the checks found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console

from .outcome import Outcome, Status
from .run_checks import iterate_checks
from .tally import count_text

_MARKS = {
    Status.PASSED: "✓",
    Status.FAILED: "✗",
    Status.NOT_CHECKED: "?",
    Status.WARNED: "!",
    Status.NOT_RUN: "○",
    Status.NOT_APPLICABLE: "–",  # noqa: RUF001 - a dash, not a minus
}
# For a terminal or a pipe that cannot show the marks.
_PLAIN = {Status.PASSED: "ok", Status.FAILED: "x", Status.NOT_RUN: "o", Status.NOT_APPLICABLE: "-"}
_FEW = 3  # checks that are not made for one reason are listed up to this number
_COLOURS = {Status.PASSED: "green", Status.FAILED: "red", Status.NOT_CHECKED: "red", Status.WARNED: "yellow"}


def check(root: Path, console: Console, *, only: str = "") -> int:
    """Make the checks of a project, print each, and return 0 if none failed, otherwise 1.

    Raises:
        ProjectError: The folder has no bundle, or no check has that in its name.
    """
    theme = ""
    outcomes: list[Outcome] = []
    unmade: dict[str, list[Outcome]] = {}
    for outcome in iterate_checks(root, only=only):
        outcomes.append(outcome)
        if outcome.status is Status.NOT_CHECKED:
            unmade.setdefault(outcome.reason, []).append(outcome)
            continue
        if outcome.theme != theme:
            theme = outcome.theme
            _print(console, theme.replace("_", " "), style="bold")
        _print_outcome(console, outcome)
    for reason, checks in unmade.items():
        _print_unmade(console, reason, checks)
    _print(console, f"\n{_summary(outcomes)}", style="bold")
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


def _print_outcome(console: Console, outcome: Outcome) -> None:
    detail = outcome.reason or outcome.looked_at
    label = f"{outcome.status}: " if outcome.reason else ""
    mark = _mark(console, outcome.status)
    ending = f" ({label}{detail})" if detail else ""
    _print(console, f"  {mark} {outcome.sentence}{ending}", style=_COLOURS.get(outcome.status, "dim"))
    for fault in outcome.faults:
        _print(console, f"      {fault}")


def _print_unmade(console: Console, reason: str, checks: list[Outcome]) -> None:
    """Print the reason once, with the names of a few checks, or with how many of each theme there are."""
    _print(console, f"{_mark(console, Status.NOT_CHECKED)} not checked: {reason}", style="red")
    if len(checks) <= _FEW:
        for outcome in checks:
            _print(console, f"    {outcome.theme.replace('_', ' ')}: {outcome.sentence}")
    else:
        themes = Counter(outcome.theme.replace("_", " ") for outcome in checks)
        parts = [f"{count_text(number, 'check')} of {theme}" for theme, number in themes.items()]
        _print(console, f"    {', '.join(parts)}")


def _summary(outcomes: list[Outcome]) -> str:
    counts = Counter(outcome.status for outcome in outcomes)
    parts = [f"{count_text(counts[Status.PASSED], 'check')} passed", f"{counts[Status.FAILED]} failed"]
    parts += [f"{counts[status]} {status}" for status in list(Status)[2:] if counts[status]]
    return ", ".join(parts)


def _mark(console: Console, status: Status) -> str:
    try:
        _MARKS[status].encode(console.encoding)
    except UnicodeEncodeError:
        return _PLAIN.get(status, _MARKS[status])
    return _MARKS[status]


def _print(console: Console, text: str, style: str = "") -> None:
    console.print(text, style=style or None, markup=False, highlight=False, soft_wrap=True)
