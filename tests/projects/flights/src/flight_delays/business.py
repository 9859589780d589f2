"""The value of a warning: passengers who are warned of a late departure can rebook."""

from __future__ import annotations

import numpy as np

from mlops import DECISION_THRESHOLD, Array, ProblemType

UNIT = "euros per flight"


def value(problem_type: ProblemType, label: Array, prediction: Array) -> Array:
    """Return the value of each prediction in euros: a right warning is worth 200, a wrong one costs 50."""
    warned, late = prediction >= DECISION_THRESHOLD, label > 0
    return np.select([warned & late, warned & ~late], [200.0, -50.0], 0.0)
