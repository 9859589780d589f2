from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor

from mlops.config.search import Search
from mlops.errors import ProjectError
from mlops.model_search import trials
from mlops.model_search.families import Contender

import example

CONFIG = example.PROJECT.config.model_copy(
    update={
        "problem_type": "regression",
        "metric": "rmse",
        "search": Search.model_validate({"seed": 1, "space": {"constant": {"type": "float", "low": 0, "high": 9}}}),
    }
)


def contender(name: str, constant: float | None, first: float | None = None) -> Contender:
    """A model that predicts a constant, or the one that is searched for."""

    def build(problem_type: str, hyperparameters: dict[str, Any], seed: int) -> DummyRegressor:  # noqa: ARG001
        found = hyperparameters["constant"] if constant is None else constant
        return DummyRegressor(strategy="constant", constant=found)

    project = replace(example.PROJECT, config=CONFIG, build_model=build, predict_method="predict", fit_model=None)
    return Contender(name, project, {} if first is None else {"constant": first}, "text")


@pytest.fixture
def rows() -> dict[str, pd.DataFrame]:
    """Rows whose label is 5."""
    columns = {name: np.zeros(20) for name in CONFIG.features} | {CONFIG.label: np.full(20, 5.0)}
    return dict.fromkeys(("train", "validation", "holdout"), pd.DataFrame(columns))


def ticking(step: float = 1.0) -> Iterator[float]:
    return count(0, step)


def run(rows: dict[str, pd.DataFrame], seconds: float, *contenders: Contender) -> tuple[trials.Found, list[str]]:
    times, order = ticking(), []
    found = trials.run(contenders, rows, seconds, lambda one: order.append(one.contender.name), lambda: next(times))
    return found, order


def test_every_contender_is_tried_once_even_if_the_budget_is_used_up(rows: dict[str, pd.DataFrame]) -> None:
    found, order = run(rows, 0.5, contender("a", 1.0), contender("b", 2.0), contender("c", 3.0))
    assert order == ["a", "b", "c"]
    assert [one.contender.name for one in found.best] == ["c", "b", "a"]


def test_every_second_trial_is_of_the_best_so_far(rows: dict[str, pd.DataFrame]) -> None:
    _, order = run(rows, 20, contender("bad", 1.0), contender("good", 5.0), contender("worse", 0.0))
    assert order[:3] == ["bad", "good", "worse"]
    assert order[3:].count("good") > len(order[3:]) / 2
    assert {"bad", "worse"} <= set(order[3:])


def test_the_first_point_is_tried_first_and_the_search_gets_closer(rows: dict[str, pd.DataFrame]) -> None:
    found, order = run(rows, 25, contender("searched", None, first=1.0))
    assert len(order) > 20
    (best,) = found.best
    assert best.number > 0
    assert best.metrics["rmse"] < 1.0
    assert found.trials == {"searched": len(order)}


def test_a_contender_that_fails_is_out_and_said_to_be(rows: dict[str, pd.DataFrame]) -> None:
    def fails(*_: object) -> object:
        raise ValueError("no such thing")

    broken = replace(contender("broken", 1.0), project=replace(contender("x", 1.0).project, build_model=fails))
    found, order = run(rows, 5, broken, contender("fine", 4.0))
    assert set(order) == {"fine"}
    assert "no such thing" in found.failed["broken"]
    with pytest.raises(ProjectError, match="no model could be fitted: broken: ValueError: no such thing"):
        run(rows, 5, broken)


def test_a_trial_knows_what_its_model_costs(rows: dict[str, pd.DataFrame]) -> None:
    (best,) = run(rows, 0.5, contender("a", 1.0))[0].best
    assert best.fit_seconds > 0
    assert best.predict_ms > 0
    assert 0 < best.megabytes < 0.1
