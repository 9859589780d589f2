"""What happens to a rollout after a look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...statistics.confidence_sequence import UNKNOWN, Difference


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
