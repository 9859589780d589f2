from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flight_delays.business import value
from flight_delays.checks import carrier_bias


def test_the_bias_is_that_of_the_worst_carrier_with_enough_flights() -> None:
    features = pd.DataFrame({"carrier": ["AA"] * 50 + ["DL"] * 50 + ["NEW"]})
    prediction = np.array([0.5] * 50 + [0.1] * 50 + [1.0])
    evidence: Any = SimpleNamespace(features=features, prediction=prediction, label=np.zeros(101))
    assert carrier_bias(evidence) == pytest.approx(0.5)


def test_a_right_warning_is_worth_four_wrong_ones() -> None:
    found = value("classification", np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.8, 0.1, 0.2]))
    assert found.tolist() == [200.0, -50.0, 0.0, 0.0]
