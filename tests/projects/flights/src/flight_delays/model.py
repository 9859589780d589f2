"""A logistic regression on one-hot encoded text, the age of the aircraft and scaled numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from mlops import ProblemType

PREDICT_METHOD: Mapping[str, str] = {"classification": "predict_proba"}


def build(problem_type: ProblemType, hyperparameters: Mapping[str, Any], seed: int) -> Pipeline:
    """Return an untrained model: missing numbers become the mean, rare and new categories share a column."""
    scaled = [SimpleImputer(), StandardScaler()]
    columns = ColumnTransformer(
        [
            (
                "text",
                OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20),
                make_column_selector(dtype_include=object),
            ),
            ("numbers", make_pipeline(*scaled), make_column_selector(dtype_include="number")),
            (
                "times",
                make_pipeline(FunctionTransformer(years), *scaled),
                make_column_selector(dtype_include="datetime"),
            ),
        ]
    )
    estimator = LogisticRegression(max_iter=1000, random_state=seed, **hyperparameters)
    return Pipeline([("columns", columns), ("model", estimator)])


def years(times: pd.DataFrame) -> pd.DataFrame:
    """Return times as years, because the model needs numbers; a missing time is NaN."""
    found: pd.DataFrame = times.apply(lambda column: column.dt.year + column.dt.dayofyear / 366)
    return found
