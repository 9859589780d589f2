"""The value of a warning."""

import numpy as np

UNIT = "euros a flight"


def value(problem_type: str, label: np.ndarray, prediction: np.ndarray) -> np.ndarray:  # noqa: ARG001 - one problem type
    """Return the value of each prediction."""
    return np.where((prediction > 0.5) == (label > 0), 1.0, 0.0)  # noqa: PLR2004 - more likely than not
