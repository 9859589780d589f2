"""The sums from which the quality of predictions follows, for every group of rows at once."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from .columns import Codes
from .quality import ClassSums, RegressionSums

LABEL, PREDICTION, PROBABILITY = "_label", "_prediction", "_probability"

_LEAST = 1e-15  # of a probability, as in the metric log_loss


def of_numbers(rows: pd.DataFrame, codes: Codes, count: int, scale: float) -> list[RegressionSums]:
    """Return the sums of each group, for predictions that are numbers.

    Args:
        rows: The columns LABEL and PREDICTION.
        codes: The number of the group of each row, from 0.
        count: The number of groups.
        scale: What labels and predictions are divided by.
    """
    label, prediction = (rows[name].to_numpy(dtype=np.float64) / scale for name in (LABEL, PREDICTION))
    known = np.isfinite(label) & np.isfinite(prediction)
    of_group, at, y = np.bincount(codes, minlength=count), codes[known], label[known]
    error = prediction[known] - y
    n = np.bincount(at, minlength=count)
    mean = np.divide(np.bincount(at, y, count), n, out=np.zeros(count), where=n > 0)
    not_zero = y != 0
    absolute, squared = np.bincount(at, np.abs(error), count), np.bincount(at, error**2, count)
    relative = np.bincount(at[not_zero], np.abs(error[not_zero] / y[not_zero]), count)
    relative_count = np.bincount(at[not_zero], minlength=count)
    squares = np.bincount(at, (y - mean[at]) ** 2, count)
    return [
        RegressionSums(
            rows=int(of_group[i]),
            count=int(n[i]),
            scale=scale,
            absolute=float(absolute[i]),
            squared=float(squared[i]),
            relative=float(relative[i]),
            relative_count=int(relative_count[i]),
            mean=float(mean[i]),
            squares=float(squares[i]),
        )
        for i in range(count)
    ]


def of_classes(rows: pd.DataFrame, codes: Codes, count: int) -> list[ClassSums]:
    """Return the counts of each group, for predictions that are classes; `rows` also has the column PROBABILITY."""
    known = (rows[LABEL].notna() & rows[PREDICTION].notna()).to_numpy()
    of_group = np.bincount(codes, minlength=count)
    frame = rows.loc[known, [LABEL, PREDICTION]].astype(str).assign(at=codes[known])
    pairs: list[Counter[tuple[str, str]]] = [Counter() for _ in range(count)]
    for group, label, predicted, n in (
        frame.value_counts(["at", LABEL, PREDICTION]).reset_index().itertuples(index=False)
    ):
        pairs[group][label, predicted] = int(n)
    probability = rows[PROBABILITY].to_numpy(dtype=np.float64)
    counted = known & np.isfinite(probability)
    losses = np.bincount(codes[counted], -np.log(np.clip(probability[counted], _LEAST, 1.0)), count)
    loss_count = np.bincount(codes[counted], minlength=count)
    return [ClassSums(int(of_group[i]), pairs[i], float(losses[i]), int(loss_count[i])) for i in range(count)]
