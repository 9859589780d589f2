import numpy as np
import pandas as pd
import pytest

from mlops.evaluation.metrics import GREATER_IS_BETTER
from mlops.training import search as training

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
        assert dimension.low <= first[name] <= dimension.high
        assert isinstance(first[name], int) == (dimension.type == "int")


def test_the_metrics_are_those_of_the_predictions(rows: dict[str, pd.DataFrame]) -> None:
    trained = training.train(PROJECT, rows, trials=1)
    assert set(trained.metrics) == set(rows)
    assert trained.metrics["train"] == training.measure(PROJECT, trained.estimator, rows["train"])
