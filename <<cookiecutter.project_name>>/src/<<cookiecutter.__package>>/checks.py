"""Your own checks of a model version. To add one, write a function that computes one number from the evidence.

Set its bound as `validation.custom.<name of the function>` in `project.yml`. With the decorator
`@metric(greater_is_better=...)` of `mlops`, a function of labels and predictions is a metric
instead, whose name can be used wherever `project.yml` names a metric.
"""

from __future__ import annotations

import numpy as np

from mlops import Evidence


def mean_error(evidence: Evidence) -> float:
    """Return by how much predictions are too high on average, in the unit of the label, to detect a biased model."""
    return float(np.mean(evidence.prediction - evidence.label))
