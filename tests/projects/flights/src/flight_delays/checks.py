"""This project's own checks of a model version."""

from __future__ import annotations

import pandas as pd

from mlops import Evidence


def carrier_bias(evidence: Evidence) -> float:
    """Return the greatest error of the predicted share of late flights, of the carriers with a tenth of all flights."""
    error = pd.Series(evidence.prediction - evidence.label)
    found = error.groupby(evidence.features["carrier"]).agg(["mean", "size"])
    return float(found.loc[found["size"] >= 0.1 * len(error), "mean"].abs().max())
