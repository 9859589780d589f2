"""The model. Replace `build` with your own; the search space is in `project.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from mlops.evaluation.metrics import ProblemType

_ESTIMATORS = {
    "regression": HistGradientBoostingRegressor,
    "classification": HistGradientBoostingClassifier,
    "multiclass": HistGradientBoostingClassifier,
}

# The method of the estimator that the registered model calls: a classifier returns probabilities.
PREDICT_METHOD: Mapping[str, str] = {
    "regression": "predict",
    "classification": "predict_proba",
    "multiclass": "predict_proba",
}


def build(problem_type: ProblemType, hyperparameters: Mapping[str, Any], seed: int) -> Pipeline:
    """Return an untrained model: gradient boosting, which accepts missing features.

    Args:
        problem_type: Regression, classification or multiclass.
        hyperparameters: Arguments of the estimator, by their names in the search space.
        seed: Makes training reproducible.

    Raises:
        TypeError: The estimator does not have one of the hyperparameters.
    """
    estimator = _ESTIMATORS[problem_type](random_state=seed, max_iter=100, **hyperparameters)
    return Pipeline([("model", estimator)])
