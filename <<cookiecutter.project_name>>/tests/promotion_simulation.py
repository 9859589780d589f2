"""Measures how often the gate promotes equal, better and worse models, on simulated held-out rows.

`PYTHONPATH=src:tests .venv/bin/python -m promotion_simulation 2000` prints the tables that docs/models.md summarises;
the number is that of the repetitions; 2000 take about ten minutes. `tests/mlops/promotion/test_simulation.py` checks
a few of the cells.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.signal import lfilter

from mlops.config.validation import Promotion
from mlops.evaluation.blocks import Sample, Times, sample
from mlops.evaluation.bootstrap import Interval, Resampling, metric_gain, value_gain
from mlops.evaluation.metrics import Array
from mlops.promotion.decision import decide, shortfall
from mlops.promotion.error_budget import confidence_of

ROWS = (3, 30, 100, 300, 1000, 3000, 10_000)
BETTER = Promotion(policy="better", margin=0.0, confidence=0.95, resamples=1000, seed=1)
Random = np.random.Generator


@dataclass(frozen=True)
class World:
    """How the errors of a model are distributed over the held-out rows.

    Attributes:
        errors: Draws the errors of one model, shape (rows,).
        per_day: Rows a day.
        metric: What is compared; `value` is the mean of a business value.
        share: The share of positive rows; 0 for regression.
    """

    errors: Callable[[Random, int], Array]
    per_day: int = 24
    metric: str = "rmse"
    share: float = 0.0

    def times(self, rows: int) -> Times:
        """Return event times at equal distances."""
        return np.datetime64("2026-01-01", "us") + (np.arange(rows) * 86_400_000_000 // self.per_day)

    def label(self, random: Random, rows: int) -> Array:
        """Return labels: zeros, or the classes."""
        return np.asarray(random.random(rows) < self.share, dtype=np.float64)

    def prediction(self, label: Array, errors: Array) -> Array:
        """Return the predictions of a model with these errors."""
        return 1 / (1 + np.exp(-(2 * label + errors))) if self.share else label + errors


def normal(random: Random, rows: int) -> Array:
    return random.normal(size=rows)


def heavy(random: Random, rows: int) -> Array:
    """Return errors of Student's distribution with three degrees of freedom, whose squares have no variance."""
    return random.standard_t(3, size=rows)


def autoregressive(random: Random, rows: int) -> Array:
    """Return an AR(1) process with the coefficient 0.9."""
    return np.asarray(lfilter([1.0], [1.0, -0.9], random.normal(size=rows + 100))[100:])


def daily(per_day: int) -> Callable[[Random, int], Array]:
    """Return a process with a bias of each day that is as large as the errors of single rows."""
    return lambda random, rows: random.normal(size=rows // per_day + 1).repeat(per_day)[:rows] + normal(random, rows)


WORLDS = {
    "normal": World(normal),
    "heavy-tailed (t3)": World(heavy),
    "AR(1) 0.9, one row an hour": World(autoregressive),
    "AR(1) 0.9, one row a day": World(autoregressive, per_day=1),
    "AR(1) 0.9, business value": World(autoregressive, per_day=1, metric="value"),
    "bias per day, 10 rows a day": World(daily(10), per_day=10),
    "bias per day, 100 rows a day": World(daily(100), per_day=100),
    "AUC, 3 % positive": World(normal, metric="roc_auc", share=0.03),
    "AUC, 3 % positive, bias per day": World(daily(10), per_day=10, metric="roc_auc", share=0.03),
}


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
    world: World, label: Array, challenger: Array, incumbent: Array, policy: Promotion = BETTER, place: int = 1
) -> bool:
    """Return whether the gate opens for the challenger at this place among the challenges of the incumbent."""
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


def losses(seed: int, length: int = 30, worse: float = 0.015, rows: int = 10_000) -> tuple[int, float]:
    """Return how many of these challengers `not_worse` promotes (margin 2 %), and the last champion's relative rmse.

    Each of them is worse than the current champion by the given share, and the first champion has the rmse 1.
    """
    policy = BETTER.model_copy(update={"policy": "not_worse", "margin": 0.02})
    world, random = WORLDS["normal"], np.random.default_rng(seed)
    label, best = np.zeros(rows), normal(random, rows)
    promoted, scale = 0, 1.0
    for place in range(1, length + 1):
        challenger = scale * (1 + worse) * (0.999 * best + np.sqrt(1 - 0.999**2) * normal(random, rows))
        if promotes(world, label, challenger, best, policy, place):
            promoted, scale = promoted + 1, scale * (1 + worse)
    return promoted, scale


def tables(repetitions: int) -> Iterator[Table]:
    """Yield the tables of docs/models.md; `-` stands for a gate that stays closed because there are too few rows."""
    sizes = [f"{rows:,}" for rows in ROWS]
    found = {name: [equal_models(world, rows, repetitions) for rows in ROWS] for name, world in WORLDS.items()}
    for at, title in enumerate(("coverage of the 95 % interval, equal models", "wins of equal models")):
        table = Table("rows", *sizes, title=title)
        for name, cells in found.items():
            table.add_row(name, *("-" if np.isnan(cell[0]) else f"{cell[at]:.1%}" for cell in cells))
        yield table
    table = Table("rows", *sizes[2:], title="chains of 20 equal challengers on the same rows that promote one")
    for name, world in WORLDS.items():
        table.add_row(name, *(f"{chain(world, rows, repetitions // 4):.1%}" for rows in ROWS[2:]))
    yield table
    table = Table("really better by", "rows", "2 %", "5 %", "10 %", "20 %", title="power, first and fifth challenge")
    for name in ("normal", "AR(1) 0.9, one row an hour", "bias per day, 100 rows a day"):
        for rows in (100, 1000, 10_000):
            cells = [
                [power(WORLDS[name], rows, better, repetitions // 4, place) for place in (1, 5)]
                for better in (0.02, 0.05, 0.1, 0.2)
            ]
            table.add_row(name, f"{rows:,}", *(" / ".join(f"{share:.0%}" for share in cell) for cell in cells))
    yield table
    table = Table("promoted of 30", "last rmse", title="not_worse: challengers each 1.5 % worse, margin 2 %")
    for promoted, scale in (losses(seed) for seed in range(5)):
        table.add_row(str(promoted), f"{scale:.3f}")
    yield table


if __name__ == "__main__":
    console = Console(width=140)
    for one in tables(int(sys.argv[1])):
        console.print(one)
