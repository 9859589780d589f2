"""What a challenger is compared with: the champion, the best champion so far, or the naive baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from mlflow.entities.model_registry import ModelVersion

from ..config.validation import Promotion
from ..registry import ROLLED_BACK, Registry
from ..statistics.blocks import Times
from ..statistics.error_budget import CHALLENGES, Challenges, Days
from ..validation.candidate import Candidate

BEST = "best_champion"  # tag of a champion: the version that later losses are measured against


@dataclass(frozen=True)
class Incumbent:
    """A registered version, or the naive baseline if it is None, and its name in reasons."""

    version: ModelVersion | None
    name: str

    @classmethod
    def of(cls, champion: ModelVersion | None, policy: Promotion) -> Incumbent:
        """Return the champion; under the policy `not_worse`, the best champion so far; the baseline if there is none.

        A chain of champions that are each a little worse than the last one would add up. So a champion that was not
        shown to be better than the best champion names that one in the tag `best_champion`, and the next challenger is
        compared with it. A version that was rolled back since then is not used.

        Raises:
            ProjectError: The best champion no longer exists.
        """
        if champion is None:
            return cls(None, "the naive baseline")
        number = str(champion.version)
        best = champion.tags.get(BEST, number)
        if policy.policy == "not_worse" and best != number:
            version = Registry(champion.name).version(best)
            if ROLLED_BACK not in version.tags:
                return cls(version, f"version {best}, the best champion so far,")
        return cls(champion, f"champion version {number}")


@dataclass(frozen=True)
class Challenge:
    """One comparison of a candidate with an incumbent on held-out rows of some days."""

    candidate: Candidate
    incumbent: ModelVersion | None
    days: Days

    @classmethod
    def of(cls, candidate: Candidate, incumbent: Incumbent, times: Times) -> Challenge:
        """Return the challenge on rows with these event times, shape (rows,)."""
        first, last = (np.datetime64(time, "D").item() for time in (times.min(), times.max()))
        return cls(candidate, incumbent.version, Days(first, last))

    @property
    def place(self) -> int:
        """The place, from 1, of this challenge among those of the incumbent on overlapping rows."""
        return self._earlier.place(self.candidate.model_version if self._is_own else None, self.days)

    def records(self, *, promoted: bool, better: bool) -> Mapping[str, Mapping[str, str]]:
        """Return the tags to set, by version: the challenge on the incumbent, and the best champion on the candidate.

        Args:
            promoted: Whether the candidate may become champion.
            better: Whether it was shown to be better than the incumbent.
        """
        number, tags = self.candidate.model_version, {}
        if self.incumbent is not None and self._is_own:
            tags[str(self.incumbent.version)] = {CHALLENGES: str(self._earlier.record(number, self.days))}
        if promoted:
            best = number if better or self.incumbent is None else str(self.incumbent.version)
            tags[number] = {BEST: best}
        return tags

    @property
    def _earlier(self) -> Challenges:
        return Challenges.parse(self.incumbent.tags.get(CHALLENGES, "") if self.incumbent else "")

    @property
    def _is_own(self) -> bool:
        """Whether the incumbent is a version of the candidate's model: the champions of others are only read."""
        return self.incumbent is not None and self.incumbent.name == self.candidate.model_name
