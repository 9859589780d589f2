"""Simulated traffic: what the requests to each version cost, how many of them fail or are slow, when labels come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlops.evaluation.metrics import Array

Random = np.random.Generator
Draw = Callable[[Random, int], Array]


def squared(random: Random, count: int) -> Array:
    """Return squared errors of a normal distribution; their mean is 1."""
    return np.asarray(random.normal(size=count) ** 2)


def heavy(random: Random, count: int) -> Array:
    """Return squared errors of Student's distribution with five degrees of freedom; their mean is 1."""
    return np.asarray(random.standard_t(5, size=count) ** 2 * 0.6)


def logarithmic(random: Random, count: int) -> Array:
    """Return log losses of a classifier that is right in its probabilities, relative to their mean."""
    chance = random.beta(1, 3, size=count)
    happens = random.random(count) < chance
    return np.asarray(-np.log(np.where(happens, chance, 1 - chance)) / 0.4576)


@dataclass(frozen=True)
class World:
    """Traffic to two versions.

    Attributes:
        worse: How much greater the challenger's mean loss is, as a share of the champion's.
        loss: Draws losses, relative to their mean.
        failing: The share of failing requests of champion and challenger.
        slow: The share of slow requests of champion and challenger.
        per_hour: Requests in an hour of the day on average; at night there are fewer, and losses are greater.
        label_hours: The earliest and the latest hour at which a label comes after its request.
    """

    worse: float = 0.0
    loss: Draw = squared
    failing: tuple[float, float] = (0.001, 0.001)
    slow: tuple[float, float] = (0.01, 0.01)
    per_hour: int = 500
    label_hours: tuple[int, int] = (6, 48)

    def requests(self, random: Random, hour: int) -> int:
        """Return how many requests come in an hour."""
        return int(random.poisson(self.per_hour * (1 + 0.6 * np.sin(2 * np.pi * hour / 24))))

    def losses(self, random: Random, hour: int, challenger: Array) -> Array:
        """Return the losses of requests, which went to the challenger (1) or the champion (0)."""
        level = 4 * (1 - 0.3 * np.sin(2 * np.pi * hour / 24))
        return level * self.loss(random, len(challenger)) * (1 + self.worse * challenger)


BETTER, EQUAL, CRASHING, SLOW = "10 % better", "equal", "20 % of its requests fail", "20 % of its answers are slow"
HALF, AT_MARGIN, TWICE = "worse by half the margin", "worse by the margin", "worse by twice the margin"
FAR, BAD_CALLERS = "50 % worse", "equal, 5 % of all requests fail"
HEAVY, LOGARITHMIC = "equal, heavy-tailed losses", "equal, log loss"
HEAVY_AT_MARGIN = "worse by the margin, heavy-tailed"

# The margin is the default of serving.canary.
WORLDS = {
    BETTER: World(-0.1),
    EQUAL: World(),
    LOGARITHMIC: World(loss=logarithmic),
    HEAVY: World(loss=heavy),
    HALF: World(0.025),
    AT_MARGIN: World(0.05),
    HEAVY_AT_MARGIN: World(0.05, loss=heavy),
    TWICE: World(0.1),
    FAR: World(0.5),
    CRASHING: World(failing=(0.001, 0.2)),
    SLOW: World(slow=(0.01, 0.2)),
    BAD_CALLERS: World(failing=(0.05, 0.05)),
}
