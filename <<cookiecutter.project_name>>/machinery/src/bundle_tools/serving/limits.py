"""How an endpoint is loaded, and what is acceptable."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """How many callers ask at the same time, each its next request once it has its answer, and for how long."""

    users: int = 8
    seconds: int = 30


@dataclass(frozen=True)
class Bounds:
    """What is acceptable: the gate in staging. Change the defaults here.

    Attributes:
        p95_ms: The 95th percentile of the latency, in milliseconds.
        error_share: The share of requests that were not answered with a prediction.
    """

    p95_ms: float = 500.0
    error_share: float = 0.01
