"""What MLflow evaluates and logs is what was predicted."""

from __future__ import annotations

from typing import Any, cast

import mlflow
import numpy as np
import pandas as pd
import pytest

from mlops.validation.evidence import Evidence
from mlops.validation.performance import logged_evaluation

from example import PROJECT

SETTINGS = PROJECT.config
NAMES = {
    "regression": {"rmse": "root_mean_squared_error", "mae": "mean_absolute_error", "r2": "r2_score"},
    "classification": {"accuracy": "accuracy_score", "f1": "f1_score"},
}
# Two predictions are exactly at the threshold of a class.
LABEL = {"regression": [1.25, 2.5, 3.0, 7.75, 9.0], "classification": [0.0, 1.0, 1.0, 0.0, 1.0]}
PREDICTION = {"regression": [1.5, 2.0, 3.25, 7.5, 8.0], "classification": [0.2, 0.5, 0.9, 0.5, 0.4]}


def test_mlflows_own_evaluation_has_the_same_metrics(experiment_id: str) -> None:
    kind, nothing = SETTINGS.problem_type, cast("Any", None)
    rows = pd.DataFrame({SETTINGS.label: LABEL[kind]})
    found = Evidence(SETTINGS, "", nothing, rows, nothing, nothing, nothing)
    found.__dict__["prediction"] = np.array(PREDICTION[kind])
    with mlflow.start_run(experiment_id=experiment_id) as run:
        (check,) = logged_evaluation(found)
    assert (check.passed, check.value, check.reason) == (True, 5.0, "MLflow evaluated 5 of 5 held-out rows")
    logged = mlflow.get_run(run.info.run_id).data.metrics
    same = {ours: logged[f"evaluation_{theirs}"] for ours, theirs in NAMES[kind].items()}
    assert same == pytest.approx({name: found.metrics[name] for name in same})
