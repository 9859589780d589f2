"""A forest of randomised trees, which accepts missing numbers; texts as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

NUMBERS: list[str] = []
TEXTS: list[str] = []
TIMES: list[str] = []

# The method of the estimator that the registered model calls: a classifier returns probabilities.
PREDICT_METHOD: Mapping[str, str] = {
    "regression": "predict",
    "classification": "predict_proba",
    "multiclass": "predict_proba",
}


def build(problem_type: str, hyperparameters: Mapping[str, Any], seed: int) -> Pipeline:
    """Return an untrained model.

    Args:
        problem_type: Regression, classification or multiclass.
        hyperparameters: Arguments of the forest, by their names.
        seed: Makes training reproducible.
    """
    texts = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=200)
    columns = ColumnTransformer(
        [("numbers", "passthrough", NUMBERS), ("texts", texts, TEXTS), ("times", FunctionTransformer(clock), TIMES)]
    )
    kind = ExtraTreesRegressor if problem_type == "regression" else ExtraTreesClassifier
    return Pipeline([("columns", columns), ("model", kind(random_state=seed, **hyperparameters))])


def clock(times: pd.DataFrame) -> pd.DataFrame:
    """Return hour of the day, weekday and day of the year of each time."""
    parts: dict[str, pd.Series] = {}
    for name in times:
        at = times[name].dt
        parts |= {f"{name}_hour": at.hour, f"{name}_weekday": at.weekday, f"{name}_day": at.dayofyear}
    return pd.DataFrame(parts).astype("float64")
