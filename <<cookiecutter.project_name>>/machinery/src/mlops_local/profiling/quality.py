"""How good predictions are, from sums over rows that can be merged; the names are those of Databricks' metrics."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RegressionSums:
    """Sums over the rows that have a label and a prediction, both divided by `scale`.

    Attributes:
        rows: All rows of the group.
        count: Those with both.
        scale: What label and prediction are divided by.
        absolute: The sum of absolute errors.
        squared: The sum of squared errors.
        relative: The sum of absolute errors as shares of the label, over the rows whose label is not 0.
        relative_count: The number of these rows.
        mean: The mean of the labels.
        squares: The sum of squared distances of the labels from their mean.
    """

    rows: int
    count: int
    scale: float
    absolute: float
    squared: float
    relative: float
    relative_count: int
    mean: float
    squares: float

    def __add__(self, other: RegressionSums) -> RegressionSums:
        """Return the sums over the rows of both."""
        count = self.count + other.count
        apart = other.mean - self.mean
        share = other.count / count if count else 0.0
        return RegressionSums(
            rows=self.rows + other.rows,
            count=count,
            scale=self.scale,
            absolute=self.absolute + other.absolute,
            squared=self.squared + other.squared,
            relative=self.relative + other.relative,
            relative_count=self.relative_count + other.relative_count,
            mean=self.mean + apart * share,
            squares=self.squares + other.squares + apart * apart * share * self.count,
        )

    def metrics(self) -> dict[str, Any]:
        """Return the metrics; none if no row has a label."""
        if not self.count:
            return {}
        mean = self.squared / self.count
        squared = mean * self.scale * self.scale
        values = {
            "mean_squared_error": squared if math.isfinite(squared) else None,
            "root_mean_squared_error": float(np.sqrt(mean)) * self.scale,
            "mean_average_error": self.absolute / self.count * self.scale,
        }
        if self.relative_count:
            values["mean_absolute_percentage_error"] = self.relative / self.relative_count
        if self.squares > 0:
            values["r2_score"] = 1.0 - self.squared / self.squares
        return values


@dataclass(frozen=True)
class ClassSums:
    """Counts over the rows that have a label and a prediction.

    Attributes:
        rows: All rows of the group.
        pairs: How often each label (first) was predicted as each class (second).
        losses: The sum of the negative logarithms of the label's probability.
        loss_count: The number of rows with such a probability.
    """

    rows: int
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    losses: float = 0.0
    loss_count: int = 0

    @property
    def count(self) -> int:
        """The number of rows with a label and a prediction."""
        return self.pairs.total()

    def __add__(self, other: ClassSums) -> ClassSums:
        """Return the counts over the rows of both."""
        return ClassSums(
            self.rows + other.rows,
            self.pairs + other.pairs,
            self.losses + other.losses,
            self.loss_count + other.loss_count,
        )

    def metrics(self) -> dict[str, Any]:
        """Return the metrics; none if no row has a label."""
        if not self.count:
            return {}
        values: dict[str, Any] = {
            "accuracy_score": sum(n for (label, predicted), n in self.pairs.items() if label == predicted) / self.count,
            "confusion_matrix": [
                {"prediction": predicted, "label": label, "count": n}
                for (label, predicted), n in sorted(self.pairs.items())
            ],
            **self._by_class(),
        }
        if self.loss_count:
            values["log_loss"] = self.losses / self.loss_count
        return values

    def _by_class(self) -> dict[str, Any]:
        """Return precision, recall and F1: of each class against all others, their mean, and weighted by labels."""
        classes = sorted({name for pair in self.pairs for name in pair})
        hits = np.array([self.pairs[name, name] for name in classes], dtype=np.float64)
        labels = np.array([sum(n for (label, _), n in self.pairs.items() if label == name) for name in classes])
        taken = np.array([sum(n for (_, other), n in self.pairs.items() if other == name) for name in classes])
        of = {
            "precision": _ratio(hits, taken),
            "recall": _ratio(hits, labels),
            "f1_score": _ratio(2 * hits, labels + taken),
        }
        return {
            name: {
                "one_vs_all": dict(zip(classes, map(float, values), strict=True)),
                "macro": float(values.mean()),
                "weighted": float(np.average(values, weights=labels)),
            }
            for name, values in of.items()
        }


QualitySums = RegressionSums | ClassSums


def _ratio(part: NDArray[np.float64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return part / whole, and 0 where the whole is 0, as scikit-learn does."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
