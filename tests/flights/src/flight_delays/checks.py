"""This project's own checks of a model version."""

from __future__ import annotations

import pandas as pd

from mlops.validation.evidence import Evidence


def carrier_bias(evidence: Evidence) -> float:
    """Return the greatest difference between the predicted and the true share of late flights of a large carrier."""
    error = pd.Series(evidence.prediction - evidence.label)
    found = error.groupby(evidence.features["carrier"]).agg(["mean", "size"])
    return float(found.loc[found["size"] >= 50, "mean"].abs().max())
