"""Limits how often a champion is replaced by mistake when many challengers are compared with it on the same rows.

One comparison promotes an equal model with the probability alpha = (1 - confidence) / 2. Twenty comparisons on the same
rows are twenty chances. So all challenges of one champion on overlapping rows share one alpha: the k-th of them spends
alpha x 6 / (pi^2 k^2), and these shares add up to alpha however many follow (alpha spending: Foster and Stine, Journal
of the Royal Statistical Society B 70, 2008). The challenges are recorded in a tag of the champion. A challenge on rows
that overlap with those of no earlier challenge starts again at k = 1.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Self

from ..errors import ProjectError

CHALLENGES = "challenges"  # the tag of a champion
_LENGTH = 900  # of the tag's value; Unity Catalog cuts it at 1000 characters
_VERSIONS = 50  # at most in one entry
_ENTRY = re.compile(r"(?:(\d+) earlier)?((?:,?\d+)*) on (\d{4}-\d\d-\d\d)/(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True)
class Days:
    """The first and the last day of held-out rows, both included."""

    first: date
    last: date

    def overlaps(self, other: Days) -> bool:
        """Return whether a day is in both."""
        return self.first <= other.last and other.first <= self.last

    def __str__(self) -> str:
        return f"{self.first}/{self.last}"


@dataclass(frozen=True)
class _Entry:
    """Challenges on rows of the same days: versions in their order, and how many before them are only counted."""

    days: Days
    versions: tuple[str, ...] = ()
    counted: int = 0

    def __len__(self) -> int:
        return self.counted + len(self.versions)

    def __str__(self) -> str:
        counted = [f"{self.counted} earlier"] if self.counted else []
        return f"{','.join([*counted, *self.versions])} on {self.days}"


def confidence_of(confidence: float, place: int) -> float:
    """Return the confidence that the challenge at this place, from 1, needs so that all of them keep `confidence`."""
    return 1 - (1 - confidence) * 6 / (math.pi * place) ** 2


@dataclass(frozen=True)
class Challenges:
    """The challenges of one champion, oldest first."""

    entries: tuple[_Entry, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the challenges that a tag records.

        Raises:
            ProjectError: The text was not written by this class.
        """
        matches = [_ENTRY.fullmatch(part) for part in text.split("; ")] if text else []
        entries = []
        for match in matches:
            if match is None:
                raise ProjectError(f"the champion has an unreadable tag {CHALLENGES}, {text!r}: delete it.")
            counted, versions, first, last = match.groups()
            days = Days(date.fromisoformat(first), date.fromisoformat(last))
            named = tuple(version for version in versions.split(",") if version)
            entries.append(_Entry(days, named, int(counted or 0)))
        return cls(tuple(entries))

    def place(self, version: str | None, days: Days) -> int:
        """Return the place, from 1, of a version among the challenges on overlapping rows; a new one comes last."""
        before = 0
        for entry in self.entries:
            if not entry.days.overlaps(days):
                continue
            if version in entry.versions:
                return before + entry.counted + entry.versions.index(version) + 1
            before += len(entry)
        return before + 1

    def record(self, version: str, days: Days) -> Challenges:
        """Return the challenges with this one.

        Challenges on rows that end before these rows begin are forgotten. If there are too many for a tag, the oldest
        are only counted, on the days of all of them.
        """
        kept = [entry for entry in self.entries if entry.days.last >= days.first]
        if any(version in entry.versions and entry.days.overlaps(days) for entry in kept):
            return self
        if kept and kept[-1].days == days and len(kept[-1].versions) < _VERSIONS:
            kept[-1] = _Entry(days, (*kept[-1].versions, version), kept[-1].counted)
        else:
            kept.append(_Entry(days, (version,)))
        while len(str(Challenges(tuple(kept)))) > _LENGTH:
            first, second, *rest = kept
            both = Days(min(first.days.first, second.days.first), max(first.days.last, second.days.last))
            kept = [_Entry(both, counted=len(first) + len(second)), *rest]
        return Challenges(tuple(kept))

    def __str__(self) -> str:
        return "; ".join(str(entry) for entry in self.entries)
