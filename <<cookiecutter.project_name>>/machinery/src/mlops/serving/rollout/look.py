"""What was seen of a rollout at one look: counts of requests, and sums of losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...statistics.confidence_sequence import UNKNOWN, Difference, Moments, mean_losses
from ...statistics.e_values import Split

CHAMPION, CHALLENGER = False, True
NONE = Moments(np.zeros(4), np.zeros((4, 4)))


@dataclass(frozen=True)
class Cell:
    """The requests of one version while the challenger had one share of the traffic.

    Attributes:
        share: That share, in percent.
        challenger: Whether the version is the challenger.
        requests: How many there were.
        failed: How many were not answered, or with something that cannot be read.
        slow: How many took longer than the bound.
        labelled: How many units (usually requests) have a label.
    """

    share: int
    challenger: bool
    requests: int = 0
    failed: int = 0
    slow: int = 0
    labelled: int = 0


@dataclass(frozen=True)
class Look:
    """All that was seen so far.

    Attributes:
        cells: The requests by share and version.
        moments: The sums of the losses.
        latency_ms: The 95th percentile of the latency of champion and challenger; None without requests.
        unknown: Requests of served entities whose version is not known.
    """

    cells: tuple[Cell, ...]
    moments: Moments = NONE
    latency_ms: tuple[float | None, float | None] = (None, None)
    unknown: int = 0

    def count(self, what: str, *, challenger: bool, share: int | None = None) -> int:
        """Return the sum of a field of the cells of a version, at one share or at all."""
        of = [cell for cell in self.cells if cell.challenger == challenger and share in {None, cell.share}]
        return sum(int(getattr(cell, what)) for cell in of)

    def mean_loss(self, *, challenger: bool) -> float:
        """Return the mean loss of a version; nan without labels."""
        return mean_losses(self.moments)[0 if challenger else 1]

    def splits(self, what: str) -> Sequence[Split]:
        """Return how the requests that a field counts are split between the versions, at each share."""
        return [
            Split(
                share / 100,
                self.count(what, challenger=CHALLENGER, share=share),
                self.count(what, challenger=CHAMPION, share=share),
            )
            for share in sorted({cell.share for cell in self.cells})
        ]


@dataclass(frozen=True)
class Verdict:
    """What to do, and why.

    Attributes:
        action: `none`; `widen` to the share; `finish`: the challenger becomes champion; `abort`: the champion is kept.
        reason: A sentence with the numbers that decided.
        share: The share to widen to, in percent.
        difference: The challenger's mean loss minus the champion's, with the interval at this look.
    """

    action: Literal["none", "widen", "finish", "abort"]
    reason: str
    share: int = 0
    difference: Difference = UNKNOWN
