"""The project's own checks of a model version. Add yours: a function that measures one number of the evidence.

Its bound is `validation.custom.<name of the function>` in `project.yml`.
"""

from __future__ import annotations

import numpy as np

from mlops.validation.evidence import Evidence


def mean_error(evidence: Evidence) -> float:
    """By how much predictions are too high on average, in the unit of the label: a model may not favour one side."""
    return float(np.mean(evidence.prediction - evidence.label))
