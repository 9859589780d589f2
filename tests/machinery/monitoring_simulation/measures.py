"""How soon each kind of change is found, and how often healthy weeks raise an alarm."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from mlops.config.monitoring import Monitoring

from monitoring_simulation.life import verdicts
from monitoring_simulation.worlds import HEALTHY, KINDS, Week, season

CHANGE = 3  # the week from which something is different


def false_alarms(
    seed: int, weeks: int, monitoring: Monitoring | None = None, *, seasonal: bool = False
) -> Counter[str]:
    """Return how often each verdict was given in healthy weeks."""

    def of_week(number: int) -> Week:
        return replace(HEALTHY, season=season(number)) if seasonal else HEALTHY

    return Counter(verdict.kind for verdict in verdicts(seed, weeks, of_week, monitoring))


def delay(seed: int, kind: str, weeks: int = 10, monitoring: Monitoring | None = None) -> int | None:
    """Return after how many weeks of change the expected verdict is given; None if it never is."""
    changed, expected = KINDS[kind]

    def of_week(number: int) -> Week:
        return changed(HEALTHY) if number >= CHANGE else HEALTHY

    for number, verdict in enumerate(verdicts(seed, weeks, of_week, monitoring)):
        if number >= CHANGE and verdict.kind in expected:
            return number - CHANGE + 1
    return None
