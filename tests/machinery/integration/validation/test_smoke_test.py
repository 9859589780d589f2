from typing import Any

import mlflow
import numpy as np
import pandas as pd

from mlops.validation.smoke_test import smoke

EXAMPLE = pd.DataFrame({"a": [1.0, 2.0]})


def logged(predicted: Any, **log: Any) -> str:  # noqa: ANN401 - any output of a model
    class Model(mlflow.pyfunc.PythonModel):
        def predict(self, context: object, model_input: pd.DataFrame, params: object = None) -> Any:  # noqa: ANN401, ARG002
            return predicted

    info = mlflow.pyfunc.log_model(name="m", python_model=Model(), pip_requirements=["mlflow"], **log)
    return str(info.model_uri)


def failed(model_uri: str) -> list[str]:
    return [check.name for check in smoke(model_uri) if not check.passed]


def test_a_sound_version_passes(trained: dict[str, str]) -> None:
    assert failed(trained["model_uri"]) == []
    assert len(smoke(trained["model_uri"])) == 3


def test_a_version_that_does_not_exist_is_a_failed_check() -> None:
    assert failed("models:/no.such.model/1") == ["loads"]


def test_invalid_models_fail_the_right_checks(experiment_id: str) -> None:
    with mlflow.start_run(experiment_id=experiment_id):
        assert failed(logged(np.ones(2))) == ["signature", "input example"]
        assert failed(logged(np.array([1.0, np.nan]), input_example=EXAMPLE)) == ["predicts"]
        assert failed(logged(np.ones(3), input_example=EXAMPLE)) == ["predicts"]
