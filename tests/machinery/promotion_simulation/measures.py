"""Shares of simulated comparisons in which the gate promotes the challenger."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlops.config.validation import Promotion
from mlops.evaluation.metric_intervals import metric_gain
from mlops.evaluation.metrics import Array
from mlops.promotion.decision import decide, shortfall
from mlops.statistics.blocks import Sample, sample
from mlops.statistics.bootstrap import value_gain
from mlops.statistics.error_budget import confidence_of
from mlops.statistics.resampling import Interval, Resampling

from promotion_simulation.worlds import WORLDS, World, normal

BETTER = Promotion(policy="better", margin=0.0, confidence=0.95, resamples=1000, seed=1)


def evidence(world: World, label: Array, policy: Promotion) -> Sample | None:
    """Return the blocks of the rows, or None if there are too few rows to compare models."""
    classes = label if world.share else None
    found = sample(world.times(len(label)), classes, hours=policy.block_hours, fewest=policy.at_least.blocks)
    return None if shortfall(policy.at_least, found) else found


def gain(world: World, label: Array, pair: Sequence[Array], found: Sample, policy: Promotion) -> Interval:
    """Return how much better the first of two predictions is."""
    how = Resampling(found.block, policy.resamples, policy.confidence, policy.seed)
    if world.metric == "value":
        return value_gain(pair[0], pair[1], how)
    return metric_gain(world.metric, label, pair[0], pair[1], how)


def promotes(
    world: World, label: Array, challenger: Array, incumbent: Array, policy: Promotion | None = None, place: int = 1
) -> bool:
    """Return whether the gate opens for the challenger at this place among the challenges of the incumbent."""
    policy = policy or BETTER
    found = evidence(world, label, policy)
    if found is None:
        return False
    policy = policy.model_copy(update={"confidence": confidence_of(policy.confidence, place)})
    measured = gain(world, label, (challenger, incumbent), found, policy)
    own = float(np.sqrt(np.mean((label - incumbent) ** 2)))
    return decide(policy, world.metric, measured, own - measured.gain, own, incumbent_is="the champion").passed


def equal_models(world: World, rows: int, repetitions: int) -> tuple[float, float]:
    """Return how often the 95 % interval contains 0, and how often a first challenger is promoted, if both are equal.

    The share is nan if there are too few rows to compare.
    """
    inside, wins, compared = 0, 0, 0
    for seed in range(repetitions):
        random = np.random.default_rng([seed, rows])
        label = world.label(random, rows)
        pair = [world.prediction(label, world.errors(random, rows)) for _ in range(2)]
        found = evidence(world, label, BETTER)
        if found is None:
            continue
        compared += 1
        measured = gain(world, label, pair, found, BETTER)
        inside += measured.low <= 0 <= measured.high
        wins += promotes(world, label, pair[0], pair[1])
    return inside / compared if compared else float("nan"), wins / repetitions


def chain(world: World, rows: int, repetitions: int, length: int = 20) -> float:
    """Return the share of chains of equal challengers on the same rows in which one is promoted."""
    wins = 0
    for seed in range(repetitions):
        random = np.random.default_rng([seed, rows, length])
        label = world.label(random, rows)
        champion, *challengers = (world.prediction(label, world.errors(random, rows)) for _ in range(length + 1))
        wins += any(promotes(world, label, one, champion, place=k) for k, one in enumerate(challengers, 1))
    return wins / repetitions


def power(world: World, rows: int, better: float, repetitions: int, place: int = 1) -> float:
    """Return how often a challenger is promoted whose rmse is really smaller by this share.

    The errors of challenger and champion have a correlation of 0.9, as those of a model and its successor often have.
    """
    wins = 0
    for seed in range(repetitions):
        random = np.random.default_rng([seed, rows, 7])
        champion = world.errors(random, rows)
        challenger = (1 - better) * (0.9 * champion + np.sqrt(1 - 0.9**2) * world.errors(random, rows))
        wins += promotes(world, np.zeros(rows), challenger, champion, place=place)
    return wins / repetitions


def losses(seed: int, *, against_best: bool = True, length: int = 30, rows: int = 10_000) -> tuple[int, float]:
    """Return how many challengers `not_worse` promotes (margin 2 %), and the rmse of the last champion.

    Each challenger is 1.5 % worse than the current champion; the first champion has an rmse of 1.

    Args:
        seed: Makes the result repeatable.
        against_best: Whether challengers are compared with the best champion, as in the gate, or with the current one.
        length: The number of challengers.
        rows: The number of held-out rows.
    """
    policy = BETTER.model_copy(update={"policy": "not_worse", "margin": 0.02})
    random, label = np.random.default_rng(seed), np.zeros(rows)
    incumbent = champion = normal(random, rows)
    promoted, scale = 0, 1.0
    for _ in range(length):
        challenger = 1.015 * (0.999 * champion + scale * np.sqrt(1 - 0.999**2) * normal(random, rows))
        if promotes(WORLDS["normal"], label, challenger, incumbent, policy):
            promoted, scale, champion = promoted + 1, scale * 1.015, challenger
            incumbent = incumbent if against_best else champion
    return promoted, scale
