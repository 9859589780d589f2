"""Runs simulated rollouts from their opening to their end, with an hourly look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mlops.config.serving import Serving
from mlops.evaluation.metrics import Array
from mlops.serving.rollout.decision import decide
from mlops.serving.rollout.guardrails import broken
from mlops.serving.rollout.look import Cell, Look
from mlops.serving.rollout.record import Rollout
from mlops.statistics.confidence_sequence import Moments

from rollout_simulation.worlds import World

PAIRS = tuple(combinations_with_replacement(range(4), 2))
START = datetime(2026, 1, 5, tzinfo=UTC)
Mode = Literal["canary", "ab"]
Kind = Literal["promoted", "worse", "guardrail", "no result"]
SETTINGS: Mapping[Mode, Serving] = {"canary": Serving(rollout="canary"), "ab": Serving(rollout="ab")}


@dataclass(frozen=True)
class Outcome:
    """How a rollout ended, after how many requests and hours."""

    kind: Kind
    requests: int
    hours: int


@dataclass
class Traffic:
    """What came so far, and the labels that are still to come.

    Attributes:
        world: Where the requests come from.
        random: Makes the result repeatable.
        sums: The moments of the requests whose labels come in an hour: shape (hours, 14), 4 sums and 10 products.
        labels: How many labels come in an hour, by share and version: shape (hours,) each.
        cells: What was counted so far, by share and version.
    """

    world: World
    random: np.random.Generator
    sums: Array
    labels: dict[tuple[int, bool], Array] = field(default_factory=dict)
    cells: dict[tuple[int, bool], Cell] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World, seed: int, hours: int) -> Traffic:
        return cls(world, np.random.default_rng(seed), np.zeros((hours + world.label_hours[1] + 1, 4 + len(PAIRS))))

    def hour(self, hour: int, share: int) -> None:
        """Let the requests of an hour come, and the labels that are due."""
        count, p = self.world.requests(self.random, hour), share / 100
        challenger = self.random.random(count) < p
        failed = self.random.random(count) < np.where(challenger, *reversed(self.world.failing))
        slow = self.random.random(count) < np.where(challenger, *reversed(self.world.slow))
        loss = self.world.losses(self.random, hour, challenger.astype(float))
        due = hour + self.random.integers(*self.world.label_hours, size=count)
        units = np.stack(
            [(1 - p) * challenger * loss, p * ~challenger * loss, challenger - p, np.full(count, p * (1 - p))]
        )
        products = [units[i] * units[j] for i, j in PAIRS]
        self.sums += np.stack([self._by_hour(due, one * ~failed) for one in (*units, *products)], axis=1)
        for one in (False, True):
            mine = challenger == one
            there = self.labels.setdefault((share, one), np.zeros(len(self.sums)))
            there += self._by_hour(due, mine & ~failed)
            found = self.cells.get((share, one), Cell(share, one))
            self.cells[share, one] = replace(
                found,
                requests=found.requests + int(mine.sum()),
                failed=found.failed + int(failed[mine].sum()),
                slow=found.slow + int(slow[mine].sum()),
            )

    def look(self, hour: int) -> Look:
        """Return what is known at the end of an hour."""
        cells = [
            replace(self.cells[key], labelled=int(labels[: hour + 1].sum())) for key, labels in self.labels.items()
        ]
        seen = self.sums[: hour + 1].sum(axis=0)
        table = np.zeros((4, 4))
        for (i, j), product in zip(PAIRS, seen[4:], strict=True):
            table[i, j] = table[j, i] = product
        return Look(tuple(cells), Moments(seen[:4], table))

    def _by_hour(self, due: NDArray[np.int64], weights: Array | NDArray[np.bool_]) -> Array:
        return np.bincount(due, weights=weights, minlength=len(self.sums))


def simulate(world: World, settings: Serving, seed: int) -> Outcome:
    """Open a rollout, and let it end."""
    traffic = Traffic.of(world, seed, int(settings.max_hours) + 1)
    rollout = Rollout("2", "1", START.timestamp(), settings).before_step(settings.steps[0], START).after_step(START)
    hour = 0
    while True:
        traffic.hour(hour, rollout.share)
        hour, look = hour + 1, traffic.look(hour)
        now = START + timedelta(hours=hour)
        verdict = decide(rollout, look, now)
        if verdict.action == "widen":
            rollout = rollout.before_step(verdict.share, now).after_step(now)
        elif verdict.action != "none":
            return Outcome(_kind(rollout, look, now, verdict.action), sum(one.requests for one in look.cells), hour)


def _kind(rollout: Rollout, look: Look, now: datetime, action: str) -> Kind:
    if action == "finish":
        return "promoted"
    if broken(rollout, look) is not None:
        return "guardrail"
    return "no result" if now >= rollout.expires else "worse"


def outcomes(world: World, settings: Serving, count: int) -> Sequence[Outcome]:
    """Return how this many rollouts end."""
    return [simulate(world, settings, seed) for seed in range(count)]


def share(found: Sequence[Outcome], kind: Kind) -> float:
    """Return the share of the outcomes of a kind."""
    return sum(one.kind == kind for one in found) / len(found)
