"""Counts what a check looks at."""

from __future__ import annotations

from collections.abc import Hashable


class Tally:
    """The distinct things that a check has looked at, by what they are: `job`, `task`, `variable`."""

    def __init__(self) -> None:
        self._seen: dict[str, set[Hashable]] = {}
        self._around: set[str] = set()

    def add(self, noun: str, *things: Hashable) -> None:
        """Count things, each once."""
        self._seen.setdefault(noun, set()).update(things)

    def add_around(self, noun: str, *things: Hashable) -> None:
        """Count things in which, or with the help of which, others are looked at, such as the targets of a bundle."""
        self._around.add(noun)
        self.add(noun, *things)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was looked at; what is around it does not count."""
        return not any(things for noun, things in self._seen.items() if noun not in self._around)

    def __str__(self) -> str:
        return ", ".join(count_text(len(things), noun) for noun, things in self._seen.items() if things)


def count_text(number: int, noun: str) -> str:
    """Return a number with a noun, such as `1 job`, `3 entries` or `0 hooks`."""
    if number == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
    return f"{number} {plural}"
