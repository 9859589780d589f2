"""The model. Replace `build` to make the project yours; the search space is in `project.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from mlops.evaluation.metrics import ProblemType

_ESTIMATORS = {"regression": HistGradientBoostingRegressor, "classification": HistGradientBoostingClassifier}

# The estimator's method that the registered model answers with: a classifier gives probabilities.
PREDICT_METHOD: Mapping[str, str] = {"regression": "predict", "classification": "predict_proba"}


def build(problem_type: ProblemType, hyperparameters: Mapping[str, Any], seed: int) -> Pipeline:
    """Return an untrained model: gradient boosting, which takes missing features as they are.

    Args:
        problem_type: Regression or classification.
        hyperparameters: Arguments of the estimator, by the names of the search space.
        seed: Makes training repeatable.

    Raises:
        TypeError: A hyperparameter that the estimator does not know.
    """
    estimator = _ESTIMATORS[problem_type](random_state=seed, max_iter=100, **hyperparameters)
    return Pipeline([("model", estimator)])
