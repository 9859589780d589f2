"""The parts of a card about validation: the checks that failed or nearly did, all others, and the slices."""

from __future__ import annotations

from collections.abc import Sequence

from ..markdown_text import percent
from ..validation.check import Check
from ..validation.report import verdict
from ..validation.slices import comparison
from .card import SLICE, ModelCard
from .document import Bar, Block, Cell, Chip, Fold, Note, Table

_NEAREST, _MOST_SLICES = 5, 8
_NEAR = 0.1
_DISTANCE = "the distance is a share of the bound or, between two bounds, of half their range"


def checks(card: ModelCard) -> list[Block]:
    """Return the checks that failed, those nearest to their bounds, and all others in a fold."""
    if not card.checks:
        return [Note("No checks yet: the task validate runs them.")]
    near = [check for check in card.successes if check.margin is not None]
    nearest = sorted(near, key=lambda check: check.margin or 0.0)[:_NEAREST]
    others = [check for check in card.checks if check.passed and check not in nearest]
    passed = f"{len(card.successes)} of {len(card.checks)} checks passed"
    blocks: list[Block] = [_in_full(card.failures)]
    if nearest:
        blocks += [Note(f"{passed}. These of them are nearest to their bounds ({_DISTANCE}):"), _nearest(nearest)]
    if others:
        counts = {
            "passed": sum(not check.skipped for check in others),
            "skipped": sum(check.skipped for check in others),
        }
        counted = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        blocks.append(Fold(f"All other checks: {counted}", [_in_full(others)]))
    return blocks


def slices(card: ModelCard) -> list[Block]:
    """Return the slices with their rows, and how the version does on them compared with all rows, weakest first."""
    if not card.slices:
        done = "This version was checked on no slices: validation.slices in project.yml defines them."
        return [Note(done if card.checks else "No slices yet: the task validate measures them.")]
    weakest = sorted(card.slices, key=lambda check: (check.passed, -loss(check)))
    first, others = weakest[:_MOST_SLICES], weakest[_MOST_SLICES:]
    folded = [Fold(f"{len(others)} other checks of slices", [_of_slices(others)])] if others else []
    return [_of_slices(first), *folded]


def loss(check: Check) -> float:
    """Return by which share a metric is worse on a slice than on all rows; 0 if that is not known."""
    return (check.on_slice and check.on_slice.worse) or 0.0


def _of_slices(checks: Sequence[Check]) -> Table:
    head = ["slice", "rows where", "rows", "metric", "value", "against all rows", "bound", "result"]
    return Table(head, [_slice(check) for check in checks])


def _nearest(checks: Sequence[Check]) -> Table:
    rows = [(check.name, check.value, check.bound, _distance(check.margin or 0.0)) for check in checks]
    return Table(["check", "value", "bound", "distance"], rows)


def _distance(margin: float) -> Bar:
    return Bar(percent(margin), margin, "open" if margin < _NEAR else "good")


def _in_full(checks: Sequence[Check]) -> Table:
    rows = [(check.name, _result(check), check.value, check.bound, check.reason) for check in checks]
    return Table(["check", "result", "value", "bound", "reason"], rows)


def _slice(check: Check) -> Sequence[Cell]:
    result = check.on_slice
    if not result:
        return (check.name.removeprefix(SLICE), "", None, "", check.value, check.reason, check.bound, _result(check))
    value = check.value if result.metric else None
    than = "" if result.worse is None else comparison(result.worse)
    return (result.name, result.where, f"{result.rows:,}", result.metric, value, than, check.bound, _result(check))


def _result(check: Check) -> Chip:
    return Chip(verdict(check), "open" if check.skipped else "good" if check.passed else "bad")
