"""Metrics of your own: functions of labels and predictions in checks.py, with a direction."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from .metrics import Array

Function = Callable[[Array, Array], float]


@dataclass(frozen=True)
class OwnMetric:
    """A metric of your own, which can be called like the function that it was made of.

    Attributes:
        function: Computes it from labels and predictions of any rows, as `metrics.evaluate` receives them.
        greater_is_better: Whether a greater value is better.
        low: The smallest value that it can have.
        high: The greatest value that it can have.
    """

    function: Function
    greater_is_better: bool
    low: float = -math.inf
    high: float = math.inf

    def __call__(self, label: Array, prediction: Array) -> float:
        """Return the metric. The function gets copies of the arrays, so that it may change them.

        Raises:
            ValueError: It is not a finite number.
        """
        value = float(self.function(label.copy(), prediction.copy()))
        if not math.isfinite(value):
            raise ValueError(f"the metric {self.function.__name__} of {len(label)} rows is {value}")
        return value


def metric(
    *, greater_is_better: bool, low: float = -math.inf, high: float = math.inf
) -> Callable[[Function], OwnMetric]:
    """Make a metric of a function in checks.py; its name can then be used wherever project.yml names a metric."""
    return lambda function: OwnMetric(function, greater_is_better, low, high)


def own_metrics(module: ModuleType | None) -> dict[str, OwnMetric]:
    """Return the metrics that a module defines, by name."""
    return {name: value for name, value in vars(module or object).items() if isinstance(value, OwnMetric)}
