"""The result of a check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A promise, whether it holds, and the numbers behind it."""

    name: str
    holds: bool
    detail: str
