from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from mlops.config.search import Search, Training
from mlops.errors import ProjectError
from mlops.project import Project, Rows
from mlops.training import search
from mlops.training.fitting import fit, last_step, predict

from example import PROJECT

SETTINGS = PROJECT.config.model_copy(
    update={"problem_type": "regression", "metric": "rmse", "search": Search(seed=1, space={"a": {"value": 1}})}
)
INPUT, WEIGHT = SETTINGS.features[0], "weight"


def project(build: Callable[..., Any], weights: str | None = None, **fields: object) -> Project:
    settings = SETTINGS.model_copy(update={"training": Training(weights=weights)})
    changes = {"config": settings, "build_model": build, "predict_method": "predict"}
    return replace(PROJECT, **(changes | fields))  # type: ignore[arg-type]


def rows(label: list[float], weight: list[float] | None = None) -> dict[str, pd.DataFrame]:
    frame = pd.DataFrame(0.0, index=range(len(label)), columns=list(SETTINGS.features))
    frame[INPUT] = np.arange(len(label), dtype=np.float64)
    frame = frame.assign(**{SETTINGS.label: label, WEIGHT: weight or [1.0] * len(label)})
    return dict.fromkeys(("train", "validation", "holdout"), frame)


def piped(*_: object, **__: object) -> Pipeline:
    inner = Pipeline([("scale", StandardScaler()), ("linear", LinearRegression(fit_intercept=True))])
    return Pipeline([("inner", inner)])


@pytest.mark.parametrize("build", [piped, lambda *_: LinearRegression(), lambda *_: HistGradientBoostingRegressor()])
def test_any_estimator_is_trained_searched_and_named(build: Callable[..., Any]) -> None:
    trained = search.train(project(build), rows([1.0, 2.0, 3.0, 4.0]), trials=1)
    assert set(trained.metrics) == {"train", "validation", "holdout"}
    assert type(last_step(trained.estimator)[1]) is type(last_step(build())[1])


@pytest.mark.parametrize("build", [piped, lambda *_: LinearRegression()])
def test_a_row_of_weight_zero_does_not_count(build: Callable[..., Any]) -> None:
    data = rows([1.0, 2.0, 3.0, 100.0], [1.0, 1.0, 1.0, 0.0])
    weighted, plain = project(build, WEIGHT), project(build)
    assert predict(weighted, fit(weighted, data, {}), data["train"])[3] == pytest.approx(4.0)
    assert predict(plain, fit(plain, data, {}), data["train"])[3] > 50


def test_an_estimator_without_weights_is_refused() -> None:
    with pytest.raises(ProjectError, match="KNeighborsRegressor does not take sample_weight"):
        fit(project(lambda *_: KNeighborsRegressor(), WEIGHT), rows([1.0, 2.0, 3.0]), {})


class Patient(BaseEstimator):
    """Predicts a constant, and counts up to the mean of the validation rows."""

    def fit(self, features: pd.DataFrame, label: "pd.Series[float]") -> Self:
        self.constant_ = float(label.mean()) + 0.0 * len(features)
        return self

    def predict(self, features: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.full(len(features), self.constant_)


def test_the_fit_of_the_project_sees_train_and_validation_rows_with_their_weights() -> None:
    seen: list[Rows] = []

    def stops_early(estimator: Patient, train: Rows, validation: Rows) -> Patient:
        seen.extend((train, validation))
        estimator.fit(train.features, train.label)
        while estimator.constant_ < validation.label.mean():
            estimator.constant_ += 1.0
        return estimator

    own = project(lambda *_: Patient(), WEIGHT, fit_model=stops_early)
    data = rows([0.0, 0.0, 3.0]) | {"validation": rows([5.0, 5.0], [1.0, 2.0])["validation"]}
    trained = search.train(own, data, trials=1)
    assert trained.estimator.constant_ == 5.0
    assert trained.metrics["validation"]["rmse"] == 0.0
    train, validation = seen[:2]
    assert list(validation.features) == list(SETTINGS.features)
    assert list(validation.label) == [5.0, 5.0]
    assert list(validation.weights) == [1.0, 2.0]  # type: ignore[arg-type]
    assert len(train.features) == 3


def test_a_fit_that_returns_nothing_is_an_error() -> None:
    with pytest.raises(ProjectError, match=r"fit of model.py returns nothing"):
        fit(project(lambda *_: Patient(), fit_model=lambda *_: None), rows([1.0, 2.0]), {})


@pytest.mark.parametrize(
    ("build", "hyperparameters"),
    [
        (lambda _, chosen, __: LinearRegression(**chosen), {"depth": 3}),
        (lambda _, chosen, __: piped().set_params(**chosen), {"inner__linear__depth": 3}),
    ],
)
def test_a_hyperparameter_that_build_does_not_take_is_named(
    build: Callable[..., Any], hyperparameters: dict[str, object]
) -> None:
    with pytest.raises(ProjectError, match=f"does not take the hyperparameter {next(iter(hyperparameters))}") as error:
        fit(project(build), rows([1.0, 2.0]), hyperparameters)
    assert "\n" not in str(error.value)


def test_an_error_of_build_itself_keeps_its_traceback() -> None:
    def broken(*_: object) -> None:
        raise TypeError("a bug")

    with pytest.raises(TypeError, match="a bug"):
        fit(project(broken), rows([1.0, 2.0]), {"depth": 3})


def test_a_build_that_returns_no_estimator_is_an_error() -> None:
    with pytest.raises(ProjectError, match=r"build of model.py returns None"):
        fit(project(lambda *_: None), rows([1.0, 2.0]), {})


def test_an_estimator_without_the_method_to_predict_is_an_error() -> None:
    own = project(lambda *_: LinearRegression(), predict_method="predict_proba")
    data = rows([1.0, 2.0])
    with pytest.raises(ProjectError, match="LinearRegression has no method predict_proba"):
        predict(own, fit(own, data, {}), data["train"])
