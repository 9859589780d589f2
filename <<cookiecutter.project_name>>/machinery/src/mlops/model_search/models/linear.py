"""A linear model: texts one-hot encoded, numbers scaled, missing ones replaced by the median."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

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
        hyperparameters: `alpha`, the strength of the regularisation.
        seed: Makes training reproducible.
    """
    alpha = hyperparameters["alpha"]
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    )
    times = make_pipeline(FunctionTransformer(clock), SimpleImputer(keep_empty_features=True), StandardScaler())
    texts = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=100)
    columns = ColumnTransformer([("numbers", numbers, NUMBERS), ("texts", texts, TEXTS), ("times", times, TIMES)])
    if problem_type == "regression":
        model = Ridge(alpha=alpha)
    else:
        model = LogisticRegression(C=1 / alpha, max_iter=1000, random_state=seed)
    return Pipeline([("columns", columns), ("model", model)])


def clock(times: pd.DataFrame) -> pd.DataFrame:
    """Return hour of the day, weekday and day of the year of each time."""
    parts: dict[str, pd.Series] = {}
    for name in times:
        at = times[name].dt
        parts |= {f"{name}_hour": at.hour, f"{name}_weekday": at.weekday, f"{name}_day": at.dayofyear}
    return pd.DataFrame(parts).astype("float64")
