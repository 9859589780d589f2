"""LightGBM, which accepts missing numbers; texts as numbers. Add lightgbm to the dependencies in pyproject.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
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
        hyperparameters: Arguments of the estimator, by their names.
        seed: Makes training reproducible.
    """
    texts = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=200)
    columns = ColumnTransformer(
        [("numbers", "passthrough", NUMBERS), ("texts", texts, TEXTS), ("times", FunctionTransformer(clock), TIMES)]
    )
    kind = LGBMRegressor if problem_type == "regression" else LGBMClassifier
    # One thread: with few rows, more of them cost more time than they save.
    model = kind(random_state=seed, subsample_freq=1, n_jobs=1, verbose=-1, **hyperparameters)
    return Pipeline([("columns", columns), ("named", FunctionTransformer(with_column_names)), ("model", model)])


def clock(times: pd.DataFrame) -> pd.DataFrame:
    """Return hour of the day, weekday and day of the year of each time."""
    parts: dict[str, pd.Series] = {}
    for name in times:
        at = times[name].dt
        parts |= {f"{name}_hour": at.hour, f"{name}_weekday": at.weekday, f"{name}_day": at.dayofyear}
    return pd.DataFrame(parts).astype("float64")


def with_column_names(values: NDArray[np.float64]) -> pd.DataFrame:
    """Return the columns with names that LightGBM accepts; version 4.6 warns of columns without a name."""
    names = [f"x{number}" for number in range(values.shape[1])]
    return pd.DataFrame(values, columns=names, dtype="float64")
