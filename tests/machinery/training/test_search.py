from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import optuna
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from mlops.config.search import Search
from mlops.errors import ProjectError
from mlops.evaluation.metrics import GREATER_IS_BETTER
from mlops.training import search as training
from mlops.training.search import suggest

from example import PROJECT

SETTINGS = PROJECT.config


@pytest.fixture(scope="module")
def rows() -> dict[str, pd.DataFrame]:
    random = np.random.default_rng(0)
    frames = {}
    for split, size in {"train": 300, "validation": 80, "holdout": 80}.items():
        frame = pd.DataFrame({name: random.normal(size=size) for name in SETTINGS.features})
        signal = frame[SETTINGS.features[0]] + random.normal(0, 0.1, size)
        frame["pickup_borough"] = random.choice(["Bronx", "Queens"], size)
        frame[SETTINGS.label] = (signal > 0).astype(float) if SETTINGS.problem_type == "classification" else signal
        frames[split] = frame
    return frames


def test_the_best_trial_on_the_validation_rows_is_the_model(rows: dict[str, pd.DataFrame]) -> None:
    seen: list[tuple[dict[str, float], float]] = []
    trained = training.train(
        PROJECT, rows, trials=3, on_trial=lambda _, chosen, found: seen.append((chosen, found[SETTINGS.metric]))
    )
    best = (max if GREATER_IS_BETTER[SETTINGS.metric] else min)(seen, key=lambda trial: trial[1])
    assert len(seen) == 3
    assert trained.hyperparameters == best[0]
    assert trained.metrics["validation"][SETTINGS.metric] == best[1]


def test_the_model_sees_neither_validation_nor_held_out_rows(rows: dict[str, pd.DataFrame]) -> None:
    shuffled = {**rows, "holdout": rows["holdout"].sample(frac=0.5, random_state=0)}
    one, other = training.train(PROJECT, rows, trials=1), training.train(PROJECT, shuffled, trials=1)
    assert one.metrics["train"] == other.metrics["train"]
    assert one.metrics["holdout"] != other.metrics["holdout"]


def test_the_search_is_repeatable_and_stays_in_its_space(rows: dict[str, pd.DataFrame]) -> None:
    first, second = (training.train(PROJECT, rows, trials=2).hyperparameters for _ in range(2))
    assert first == second
    for name, dimension in SETTINGS.search.space.items():
        assert (dimension.low or 0) <= first[name] <= (dimension.high or 0)
        assert isinstance(first[name], int) == (dimension.type == "int")


def chosen(trials: int = 30, **dimensions: object) -> list[dict[str, object]]:
    study, search = optuna.create_study(), Search.model_validate({"seed": 1, "space": dimensions})
    return [suggest(study.ask(), search) for _ in range(trials)]


def test_choices_and_fixed_values_are_passed_as_they_are_written() -> None:
    found = chosen(model__loss={"type": "categorical", "choices": ["l1", None, True]}, alpha={"value": 0.5})
    assert {one["model__loss"] for one in found} == {"l1", None, True}
    assert {one["alpha"] for one in found} == {0.5}


def test_a_parameter_is_chosen_only_where_its_condition_is_met() -> None:
    kernels = {"type": "categorical", "choices": ["linear", "rbf", "poly"]}
    degree = {"type": "int", "low": 2, "high": 4, "when": {"kernel": ["poly"]}}
    found = chosen(degree=degree, kernel=kernels, gamma={"value": 1.0, "when": {"kernel": ["rbf", "poly"]}})
    assert {one["kernel"] for one in found} == {"linear", "rbf", "poly"}
    for one in found:
        assert ("degree" in one) == (one["kernel"] == "poly")
        assert ("gamma" in one) == (one["kernel"] != "linear")


def test_the_best_trial_keeps_its_fixed_values_and_leaves_out_unused_parameters(rows: dict[str, pd.DataFrame]) -> None:
    space = {
        "max_iter": {"value": 5},
        "warm_start": {"type": "categorical", "choices": [False]},
        "max_depth": {"type": "int", "low": 1, "high": 3, "when": {"max_iter": [5]}},
        "learning_rate": {"type": "float", "low": 0.1, "high": 0.2, "when": {"warm_start": [False], "max_iter": [5]}},
    }
    search = Search.model_validate({"seed": 1, "space": space})
    project = replace(PROJECT, config=SETTINGS.model_copy(update={"search": search}), build_model=build)
    trained = training.train(project, rows, trials=2)
    assert list(trained.hyperparameters) == list(space)
    assert trained.hyperparameters["max_iter"] == 5


def build(problem_type: str, hyperparameters: Mapping[str, object], seed: int) -> BaseEstimator:
    kinds = {"regression": HistGradientBoostingRegressor, "classification": HistGradientBoostingClassifier}
    return kinds[problem_type](random_state=seed, categorical_features=["pickup_borough"], **hyperparameters)


def test_a_search_space_of_fixed_values_needs_one_trial(rows: dict[str, pd.DataFrame]) -> None:
    space = {"max_iter": {"value": 5}, "warm_start": {"type": "categorical", "choices": [False]}}
    search = Search.model_validate({"seed": 1, "space": space})
    project = replace(PROJECT, config=SETTINGS.model_copy(update={"search": search}), build_model=build)
    numbers: list[int] = []
    trained = training.train(project, rows, trials=5, on_trial=lambda number, *_: numbers.append(number))
    assert numbers == [0]
    assert trained.hyperparameters == {"max_iter": 5, "warm_start": False}


def test_the_metrics_are_those_of_the_predictions(rows: dict[str, pd.DataFrame]) -> None:
    trained = training.train(PROJECT, rows, trials=1)
    assert set(trained.metrics) == set(rows)
    assert trained.metrics["train"] == training.measure(PROJECT, trained.estimator, rows["train"])


def test_a_model_that_cannot_be_evaluated_is_an_error(rows: dict[str, pd.DataFrame]) -> None:
    class Lost(BaseEstimator):
        def fit(self, features: pd.DataFrame, label: "pd.Series[float]") -> "Lost":  # noqa: ARG002
            return self

        def predict(self, features: pd.DataFrame) -> object:
            return np.full(len(features), np.nan)

        predict_proba = predict

    with pytest.raises(ProjectError, match="the model cannot be evaluated on 80 rows: labels and predictions must be"):
        training.train(replace(PROJECT, build_model=lambda *_: Lost()), rows, trials=1)
