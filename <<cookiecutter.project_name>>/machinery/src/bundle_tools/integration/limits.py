"""How much integration may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Rows of each source, trials of the search, and minutes for all jobs together."""

    rows: int = 5000
    trials: int = 2
    minutes: float = 100
