"""The model. Replace `build` with your own; the search space is in `project.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from mlops.evaluation.metrics import ProblemType

_ESTIMATORS = {
    "regression": HistGradientBoostingRegressor,
    "classification": HistGradientBoostingClassifier,
    "multiclass": HistGradientBoostingClassifier,
}

CATEGORIES = ["pickup_borough"]

# The method of the estimator that the registered model calls: a classifier returns probabilities.
PREDICT_METHOD: Mapping[str, str] = {
    "regression": "predict",
    "classification": "predict_proba",
    "multiclass": "predict_proba",
}


def build(problem_type: ProblemType, hyperparameters: Mapping[str, Any], seed: int) -> Pipeline:
    """Return an untrained model: gradient boosting, which accepts missing features, and categories as numbers.

    A category that no training row had counts as missing.

    Args:
        problem_type: Regression, classification or multiclass.
        hyperparameters: Arguments of the estimator, by their names in the search space.
        seed: Makes training reproducible.

    Raises:
        TypeError: The estimator does not have one of the hyperparameters.
    """
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    columns = ColumnTransformer(
        [("categories", encoder, CATEGORIES)], remainder="passthrough", verbose_feature_names_out=False
    ).set_output(transform="pandas")
    estimator = _ESTIMATORS[problem_type](
        random_state=seed, max_iter=100, categorical_features=CATEGORIES, **hyperparameters
    )
    return Pipeline([("columns", columns), ("model", estimator)])
