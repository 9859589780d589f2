import numpy as np
import optuna
import pandas as pd
import pytest

from mlops import suggest

from << cookiecutter.__package >> import model
from << cookiecutter.__package >>.entry_points import PROJECT


@pytest.mark.parametrize("problem_type", ["regression", "classification"])
def test_the_model_learns_a_simple_rule_despite_missing_values(problem_type: str) -> None:
    random = np.random.default_rng(0)
    noise = np.where(random.random(400) < 0.5, np.nan, 1.0)
    frame = pd.DataFrame({"x": random.uniform(0, 1, 400), "noise": noise, "pickup_borough": "Queens"})
    label = (frame["x"] > 0.5).astype(float)
    built = model.build(problem_type, {"learning_rate": 0.1}, seed=0).fit(frame, label)  # type: ignore[arg-type]
    answer = getattr(built, model.PREDICT_METHOD[problem_type])(
        pd.DataFrame({"x": [0.1, 0.9], "noise": [np.nan, 1.0], "pickup_borough": [None, "Queens"]})
    )
    low, high = np.asarray(answer).reshape(2, -1)[:, -1]
    assert low < 0.2
    assert high > 0.8


def test_the_model_learns_from_a_category_and_accepts_one_that_it_has_never_seen() -> None:
    frame = pd.DataFrame({"x": np.zeros(200), "pickup_borough": ["Bronx", "Queens"] * 100})
    built = model.build("regression", {}, seed=0).fit(frame, np.array([1.0, 9.0] * 100))
    known = pd.DataFrame({"x": [0.0, 0.0, 0.0], "pickup_borough": ["Bronx", "Queens", "Atlantis"]})
    bronx, queens, new = built.predict(known)
    assert (bronx, queens) == (pytest.approx(1.0, abs=0.1), pytest.approx(9.0, abs=0.1))
    assert 1.0 <= new <= 9.0


def test_the_search_space_names_parameters_of_the_model() -> None:
    settings = PROJECT.config
    chosen = suggest(optuna.create_study().ask(), settings.search)
    assert model.build(settings.problem_type, chosen, seed=0)


def test_an_unknown_hyperparameter_is_an_error() -> None:
    with pytest.raises(TypeError, match="trees"):
        model.build("regression", {"trees": 3}, seed=0)


def test_the_same_seed_gives_the_same_model() -> None:
    frame = pd.DataFrame({"x": np.arange(200.0), "pickup_borough": "Queens"})
    first, second = (model.build("regression", {}, seed=1).fit(frame, frame["x"]).predict(frame) for _ in range(2))
    assert np.array_equal(first, second)
