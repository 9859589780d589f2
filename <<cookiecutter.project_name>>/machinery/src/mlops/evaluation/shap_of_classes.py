"""The importance of features for a model with more than two classes: the mean over the probabilities of all classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from .metrics import Array
from .shap_values import SAMPLE_ROWS, Explanation, Predict, importance

_FEWEST_ROWS = 10


def importance_of_classes(
    predict: Predict, background: pd.DataFrame, sample: pd.DataFrame, seed: int, classes: int
) -> Explanation:
    """Explain the probability of each class, on so many fewer rows, and return the mean of the absolute SHAP values.

    Args:
        predict: Maps a frame of doubles to probabilities, shape (rows, classes).
        background: As `shap_values.importance`.
        sample: As `shap_values.importance`.
        seed: As `shap_values.importance`.
        classes: The number of classes.

    Raises:
        ValueError: As `shap_values.importance`.
    """
    rows = sample.head(max(_FEWEST_ROWS, SAMPLE_ROWS // classes))
    explanations = [importance(_one(predict, number), background, rows, seed) for number in range(classes)]
    mean = np.mean([explanation.values.abs().to_numpy() for explanation in explanations], axis=0)
    values = pd.DataFrame(mean, explanations[0].values.index, explanations[0].values.columns)
    return replace(
        explanations[0], values=values, base=float(np.mean([explanation.base for explanation in explanations]))
    )


def _one(predict: Predict, number: int) -> Predict:
    def probability(frame: pd.DataFrame) -> Array:
        return np.asarray(predict(frame)[:, number], dtype=np.float64)

    return probability
