import numpy as np
import pytest

from << cookiecutter.__package >>.business import value


def test_a_declined_quote_earns_nothing_and_a_low_quote_loses_money() -> None:
    worth = value("regression", np.array([10.0, 10.0, 10.0, 10.0]), np.array([10.0, 11.0, 11.5, 5.0]))
    assert worth.tolist() == [2.5, 3.5, 0.0, -2.5]


def test_a_warning_is_worth_most_when_the_trip_is_long() -> None:
    worth = value("classification", np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.8, 0.1, 0.2]))
    assert worth.tolist() == [2.0, -0.5, -1.0, 0.0]


@pytest.mark.parametrize("problem_type", ["regression", "classification"])
def test_every_row_has_a_value(problem_type: str) -> None:
    assert value(problem_type, np.ones(3), np.zeros(3)).shape == (3,)  # type: ignore[arg-type]
