"""The project's own checks of a model version. Add yours: a function that computes one number from the evidence.

Set its bound as `validation.custom.<name of the function>` in `project.yml`.
"""

from __future__ import annotations

import numpy as np

from mlops.validation.evidence import Evidence


def mean_error(evidence: Evidence) -> float:
    """Return how much too high predictions are on average, in the unit of the label: a model should not be biased."""
    return float(np.mean(evidence.prediction - evidence.label))
