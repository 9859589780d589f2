"""A different kind of model."""

from collections.abc import Mapping
from typing import Any

from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

PREDICT_METHOD = {"classification": "predict_proba"}


def build(problem_type: str, hyperparameters: Mapping[str, Any], seed: int) -> Pipeline:  # noqa: ARG001 - one problem type
    """Return a logistic regression, with an imputer, because a lookup may find no row."""
    return Pipeline([("impute", SimpleImputer()), ("model", LogisticRegression(random_state=seed, **hyperparameters))])
