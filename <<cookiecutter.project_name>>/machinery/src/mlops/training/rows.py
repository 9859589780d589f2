"""The rows that a model is fitted to, with the weights that the configuration asks for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.class_weight import compute_sample_weight

from ..config.load import ProjectConfig
from ..config.search import BALANCED
from ..errors import ProjectError
from ..evaluation.metrics import Array
from ..project import Rows


def of_split(settings: ProjectConfig, rows: pd.DataFrame, split: str) -> Rows:
    """Return the features, labels and weights of the rows of a split.

    Raises:
        ProjectError: A weight is missing, negative or infinite, or all are 0.
    """
    return Rows(rows[list(settings.features)], _label(settings, rows), _weights(settings, rows, split))


def _label(settings: ProjectConfig, rows: pd.DataFrame) -> pd.Series[Any]:
    """Return the labels; the numbers of classes as integers, because some libraries accept nothing else."""
    label: pd.Series[Any] = rows[settings.label]
    return label.astype("int64") if settings.problem_type == "multiclass" else label


def _weights(settings: ProjectConfig, rows: pd.DataFrame, split: str) -> Array | None:
    named = settings.training.weights
    if named is None:
        return None
    if named == BALANCED:
        return np.asarray(compute_sample_weight(BALANCED, rows[settings.label]), dtype=np.float64)
    weights = rows[named].to_numpy(dtype=np.float64)
    bad = int((~(np.isfinite(weights) & (weights >= 0))).sum())
    if bad or not weights.any():
        wrong = f"are missing, negative or infinite in {bad}" if bad else "are 0 in all"
        raise ProjectError(
            f"the weights {named} {wrong} of {len(weights)} {split} rows: correct the column in features.spine."
        )
    return weights
