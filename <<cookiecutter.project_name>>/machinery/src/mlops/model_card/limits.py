"""The limits of a version: on which rows it is weak, which inputs it has rarely seen, and which time it knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..markdown_text import number, percent
from ..training.inputs import Input
from ..validation.check import Check
from .card import ModelCard
from .checks import loss
from .document import day

_WEAKER = 0.1  # as a share of the metric on all rows
_RARE = 0.01
_OFTEN_MISSING = 0.05
_MOST_SLICES, _MOST_INPUTS = 5, 3
_MOST_VALUES = 6


def limits(card: ModelCard) -> list[str]:
    """Return the limits that the project states, then those that were measured."""
    own = [card.limits] if card.limits else []
    return [*own, *_of_slices(card.slices), *_of_inputs(card), *_of_time(card)]


def _of_slices(checks: Sequence[Check]) -> Iterator[str]:
    weak: dict[str, Check] = {}
    for check in sorted(filter(_is_weak, checks), key=lambda checked: (checked.passed, -loss(checked))):
        weak.setdefault(check.on_slice.name if check.on_slice else check.name, check)
    yield from map(_weakness, list(weak.values())[:_MOST_SLICES])
    if len(weak) > _MOST_SLICES:
        yield f"It is weak on {len(weak) - _MOST_SLICES} other slices too: see the table of slices."
    measured = {check.on_slice.name for check in checks if check.on_slice}
    if measured and not weak:
        which = "the slice" if len(measured) == 1 else f"any of the {len(measured)} slices"
        yield f"It is not more than {percent(_WEAKER)} worse on {which} than on all held-out rows."


def _is_weak(check: Check) -> bool:
    return not check.passed or check.skipped or loss(check) > _WEAKER


def _weakness(check: Check) -> str:
    result = check.on_slice
    if not result:
        return f"{check.reason}: do not rely on it there."
    where = f"where {result.where} ({result.name}, {result.rows:,} held-out rows)"
    if not result.metric or check.value is None:
        return f"How good it is {where} is not known: these are too few rows."
    loss = f", {percent(result.worse)} worse than on all rows" if result.worse is not None and result.worse > 0 else ""
    beyond = "" if check.passed else f" ({check.bound} is allowed)"
    return f"It is weaker {where}: {result.metric} {number(check.value)}{loss}{beyond}."


def _of_inputs(card: ModelCard) -> Iterator[str]:
    """Describe the gaps of the inputs that matter most; without importances, of the first ones."""
    ranks = {name: rank for rank, (name, value) in enumerate(card.importance.items()) if value > 0}
    ranked = [column for column in card.inputs if not card.importance or column.name in ranks]
    gaps = [
        gap for column in sorted(ranked, key=lambda column: ranks.get(column.name, 0)) if (gap := rarely_seen(column))
    ]
    yield from gaps[:_MOST_INPUTS]


def rarely_seen(column: Input) -> str:
    """Return which values of an input are rare in the training rows, or an empty text."""
    if column.missing == column.rows:
        return f"No training row had a value of {column.name}."
    if len(column.values) == 1:
        only = next(iter(column.values)) if column.smallest is None else number(column.smallest)
        gaps = [f"Every training row had {column.name} {only}"]
    elif column.smallest is None or column.greatest is None:
        gaps = [_rare_values(column)]
    else:
        gaps = [_rare_values(column) if column.values else _rare_ranges(column)]
    if column.missing >= _OFTEN_MISSING * column.rows:
        gaps.append(f"{column.name} was missing in {percent(column.missing / column.rows)} of the training rows")
    return " ".join(f"{gap}." for gap in gaps if gap)


def _rare_values(column: Input) -> str:
    rare = [value for value, count in column.values.items() if count < _RARE * column.rows]
    named = [*rare[:_MOST_VALUES], *([f"{len(rare) - _MOST_VALUES} other values"] if len(rare) > _MOST_VALUES else [])]
    each = "" if len(rare) == 1 else "each "
    return f"Few training rows had {column.name} {_either(named)} ({each}under {percent(_RARE)})" if rare else ""


def _rare_ranges(column: Input) -> str:
    sides = (
        ("above", column.high, column.above, column.greatest),
        ("below", column.low, column.below, column.smallest),
    )
    few = [
        f"{side} {number(end)} ({percent(count / column.rows)})"
        for side, end, count, _ in sides
        if end is not None and count
    ]
    none = _either([f"{side} {number(last)}" for side, _, _, last in sides if last is not None])
    if not few:
        return f"No training row had {column.name} {none}"
    return f"Few training rows had {column.name} {_either(few)}; none had it {none}"


def _either(words: Sequence[str]) -> str:
    return " or ".join([*([", ".join(words[:-1])] if words[1:] else []), words[-1]])


def _of_time(card: ModelCard) -> Iterator[str]:
    table = f" of {' and '.join(card.sources)}" if card.sources else ""
    if "train" in card.spans and "holdout" in card.spans:
        first, last = map(day, card.spans["train"])
        end = day(card.spans["holdout"][1])
        yield f"It learned from rows{table} from {first} to {last}, and was tested on rows until {end}."
    elif card.data_from and card.data_to:
        yield f"Its training and held-out rows{table} are from {day(card.data_from)} to {day(card.data_to)}."
