from types import SimpleNamespace
from typing import Any

import numpy as np

from << cookiecutter.__package >>.checks import mean_error


def test_predictions_that_are_too_high_have_a_positive_mean_error() -> None:
    evidence: Any = SimpleNamespace(label=np.array([1.0, 2.0]), prediction=np.array([2.0, 2.0]))
    assert mean_error(evidence) == 0.5
