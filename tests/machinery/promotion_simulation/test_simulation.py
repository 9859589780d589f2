"""A few cells of the tables of `promotion_simulation`, with fewer repetitions: how often equal models are promoted."""

import numpy as np
import pytest

from mlops.config.validation import AtLeast

from promotion_simulation import measures
from promotion_simulation.measures import BETTER, chain, equal_models, evidence, losses, power
from promotion_simulation.worlds import WORLDS

REPETITIONS = 300
# One in twenty, and two standard errors of a share of 5 % in 300 repetitions.
MOST = 0.05 + 0.025


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "BETTER", BETTER.model_copy(update={"resamples": 200}))


@pytest.mark.parametrize("rows", [100, 1000])
@pytest.mark.parametrize("name", WORLDS)
def test_equal_models_are_rarely_promoted(name: str, rows: int) -> None:
    coverage, wins = equal_models(WORLDS[name], rows, REPETITIONS)
    assert wins <= MOST
    assert not coverage < 0.85  # nan if there are too few rows to compare


def test_the_interval_of_independent_rows_has_the_stated_coverage() -> None:
    coverage, wins = equal_models(WORLDS["normal"], 1000, REPETITIONS)
    assert 0.92 <= coverage <= 0.98
    assert wins > 0


@pytest.mark.parametrize("name", ["normal", "AR(1) 0.9, one row a day", "bias per day, 10 rows a day"])
def test_a_chain_of_equal_challengers_is_about_as_rarely_successful_as_one(name: str) -> None:
    assert chain(WORLDS[name], 300, repetitions=100) <= 0.05 + 0.045


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("rows", [3, 30])
def test_too_few_rows_promote_nobody(name: str, rows: int) -> None:
    assert equal_models(WORLDS[name], rows, 20)[1] == 0


def test_without_the_minimum_three_rows_would_be_compared() -> None:
    lax = BETTER.model_copy(update={"at_least": AtLeast(rows=2, blocks=2), "block_hours": 1})
    found = evidence(WORLDS["normal"], np.zeros(3), lax)
    assert found is not None
    assert found.blocks == 3


def test_a_really_better_model_is_promoted() -> None:
    assert power(WORLDS["normal"], 1000, better=0.1, repetitions=50) > 0.95
    assert power(WORLDS["bias per day, 100 rows a day"], 10_000, better=0.1, repetitions=50) > 0.85


def test_small_losses_cannot_add_up() -> None:
    assert losses(seed=0) == (1, pytest.approx(1.015))
    promoted, rmse = losses(seed=0, against_best=False)
    assert promoted > 20
    assert rmse > 1.3
