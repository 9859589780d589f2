"""Simulated held-out rows: their times and labels, and how the errors of a model depend on each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from mlops.evaluation.metrics import Array
from mlops.statistics.blocks import Times

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
