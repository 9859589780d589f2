"""Looks at the bundle of every target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ..bundle.load import Bundle
from .checked_project import CheckedProject
from .tally import Tally


def in_every_target(project: CheckedProject, looked: Tally, faults: Callable[[Bundle], Iterable[str]]) -> Iterator[str]:
    """Yield the faults of the bundle in each target, each once, with the targets that have it unless all do."""
    targets: dict[str, list[str]] = {}
    for target, bundle in project.bundles.items():
        looked.add_around("target", target)
        for fault in dict.fromkeys(faults(bundle)):
            targets.setdefault(fault, []).append(target)
    yield from with_targets(targets, len(project.bundles))


def with_targets(targets: Mapping[str, Sequence[str]], number: int) -> Iterator[str]:
    """Yield faults, each with the targets that have it unless all of this number do."""
    for fault, names in targets.items():
        yield fault if len(names) == number else f"{fault} (in {', '.join(names)})"
