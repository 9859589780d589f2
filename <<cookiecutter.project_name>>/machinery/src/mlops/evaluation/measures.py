"""The metrics of a project: those of its problem type, and its own."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..statistics.resampled_rows import resampled_gain, resampled_value
from ..statistics.resampling import Interval, Resampling
from .metric_intervals import metric_gain, metric_interval
from .metrics import GREATER_IS_BETTER, METRICS, RANGES, Array, ProblemType, evaluate, naive_baseline
from .multiclass import evaluate_classes
from .own_metrics import OwnMetric

_NEARLY, _ROUNDING = 1e-6, 1e-9


@dataclass(frozen=True)
class Measures:
    """The metrics that a project can name.

    Attributes:
        problem_type: Decides which metrics are always there.
        classes: The number of classes of a multiclass problem; 0 for others.
        own: The project's own metrics, by name.
    """

    problem_type: ProblemType
    classes: int = 0
    own: Mapping[str, OwnMetric] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all metrics."""
        return (*METRICS[self.problem_type], *self.own)

    def greater_is_better(self, name: str) -> bool:
        """Return whether a greater value of a metric is better."""
        return self.own[name].greater_is_better if name in self.own else GREATER_IS_BETTER[name]

    def range_of(self, name: str) -> tuple[float, float]:
        """Return the smallest and the greatest value that a metric can have."""
        return (self.own[name].low, self.own[name].high) if name in self.own else RANGES[name]

    def evaluate(self, label: Array, prediction: Array) -> dict[str, float]:
        """Return all metrics.

        Args:
            label: Shape (rows,): values, 0 and 1, or the numbers of classes from 0.
            prediction: As `shape` says: values, probabilities of class 1, or probabilities of each class.

        Raises:
            ValueError: There are no rows, the shapes differ, or a label, a prediction or a metric is not finite.
        """
        if len(label) == 0 or prediction.shape != self.shape(len(label)):
            raise ValueError(f"cannot evaluate predictions of shape {prediction.shape} on {len(label)} labels")
        if not (np.isfinite(label).all() and np.isfinite(prediction).all()):
            raise ValueError("labels and predictions must be finite")
        several = self.problem_type == "multiclass"
        values = evaluate_classes(label, prediction) if several else evaluate(self.problem_type, label, prediction)
        return values | {name: metric(label, prediction) for name, metric in self.own.items()}

    def shape(self, rows: int) -> tuple[int, ...]:
        """Return the shape of the predictions for this many rows."""
        return (rows, self.classes) if self.problem_type == "multiclass" else (rows,)

    def naive_baseline(self, label: Array) -> Array:
        """Return the best constant prediction, shape () or (classes,): the label's mean, or the shares of classes."""
        if self.problem_type == "multiclass":
            return np.bincount(label.astype(np.intp), minlength=self.classes) / len(label)
        return np.array(naive_baseline(label))

    def misdirected(self, label: Array) -> dict[str, str]:
        """Return why own metrics have the wrong direction: perfect predictions are worse than the naive baseline.

        A metric that has no finite value for perfect predictions, such as a logarithm, gets nearly perfect ones.

        Args:
            label: As in `evaluate`.

        Raises:
            ValueError: A metric has no finite value for the naive baseline or for nearly perfect predictions.
        """
        perfect = np.eye(self.classes)[label.astype(np.intp)] if self.problem_type == "multiclass" else label
        constant = np.broadcast_to(self.naive_baseline(label), perfect.shape)
        reasons = {}
        for name, metric in self.own.items():
            best = _first_finite(metric, label, (perfect, perfect + _NEARLY * (constant - perfect)))
            naive = metric(label, constant)
            loss = (naive - best) * (1 if metric.greater_is_better else -1)
            if loss > _ROUNDING * max(abs(best), abs(naive), 1e-3):
                which = "greater" if metric.greater_is_better else "smaller"
                reasons[name] = (
                    f"the metric {name} is {best:.4g} for perfect predictions and {naive:.4g} for the naive baseline, "
                    f"although {which} is declared to be better"
                )
        return reasons

    def gain(self, name: str, label: Array, challenger: Array, incumbent: Array, resampling: Resampling) -> Interval:
        """Return how much better the challenger's metric is than the incumbent's on the same rows.

        Raises:
            ValueError: As `bootstrap.metric_gain`.
        """
        if name not in self.own:
            return metric_gain(name, label, challenger, incumbent, resampling)
        classes = label if self.problem_type != "regression" else None
        sign = 1.0 if self.own[name].greater_is_better else -1.0
        own = self.own[name]
        return resampled_gain(lambda *rows: sign * own(*rows), label, (challenger, incumbent), classes, resampling)

    def interval(self, name: str, label: Array, prediction: Array, resampling: Resampling) -> Interval:
        """Return a metric of one model with its confidence interval, in its own unit and sign.

        Raises:
            ValueError: As `bootstrap.metric_gain`.
        """
        if name not in self.own:
            return metric_interval(name, label, prediction, resampling)
        classes = label if self.problem_type != "regression" else None
        return resampled_value(self.own[name], label, prediction, classes, resampling)


def _first_finite(metric: OwnMetric, label: Array, predictions: Sequence[Array]) -> float:
    """Return a metric of the first predictions for which it has a finite value."""
    *others, last = predictions
    for prediction in others:
        with contextlib.suppress(ValueError, ArithmeticError), np.errstate(all="ignore"):
            return metric(label, prediction)
    return metric(label, last)
