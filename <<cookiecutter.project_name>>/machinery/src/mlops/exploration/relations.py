"""How inputs and label hang together: correlations, suspects of target leakage, importance for a quick model."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from pyspark.sql import functions as F
from threadpoolctl import threadpool_limits

from ..training import search
from ..training.fitting import fit, predict
from ..validation.check import Check
from ..validation.lookup_leakage import lookups_before_the_label
from ..validation.target_leakage import checks_of_values, known_before_the_label, with_predictions
from .data import Exploration
from .tables import without_nan

MOST_CORRELATED = 24  # columns in the matrix of correlations; those that vary most with the label
QUICK_ROWS, SCORED_ROWS = 5_000, 2_000
_REPEATS, _SHUFFLES, _CELLS = 3, 60, 30_000  # with many inputs, fewer shuffles of fewer rows


def correlations(data: Exploration) -> pd.DataFrame:
    """Return Pearson's correlation of the numeric inputs and the label with each other, from two passes on Spark.

    A pair is measured on the rows that have both. NaN where one of the two does not vary.

    Returns:
        Shape (columns, columns), the label first, then the inputs by how strongly they correlate with it.
    """
    label, names = data.settings.label, data.inputs("number")
    if not names:
        return pd.DataFrame([[1.0]], index=[label], columns=[label])
    with_label = _coefficients(data, [(label, name) for name in names])
    strongest = sorted(names, key=lambda name: -np.nan_to_num(abs(with_label[(label, name)])))[: MOST_CORRELATED - 1]
    coefficients = with_label | (_coefficients(data, list(combinations(strongest, 2))) if len(strongest) > 1 else {})
    order = [label, *strongest]
    matrix = pd.DataFrame(np.eye(len(order)), index=order, columns=order)
    for left, right in combinations(order, 2):
        matrix.loc[left, right] = matrix.loc[right, left] = coefficients[left, right]
    return matrix


def quick_model(data: Exploration) -> tuple[object, dict[str, pd.DataFrame]]:
    """Return the project's own model, fitted to at most 5,000 rows with the least hyperparameters, and its rows.

    Raises:
        ProjectError: The model cannot be built or fitted.
    """
    seed = data.settings.search.seed
    most = {"train": QUICK_ROWS, "validation": SCORED_ROWS, "holdout": SCORED_ROWS}
    rows = {
        split: frame if len(frame) <= most[split] else frame.sample(most[split], random_state=seed)
        for split, frame in data.splits.items()
    }
    return fit(data.project, rows, search.corners(data.settings.search)[0]), rows


def importance(data: Exploration, model: object, rows: pd.DataFrame) -> pd.DataFrame:
    """Return how much worse the metric becomes when an input is shuffled (permutation importance; Breiman, 2001).

    Args:
        data: The data.
        model: A fitted model, as `quick_model` returns it.
        rows: Rows that it was not fitted to.

    Returns:
        One line an input, most important first: `input`, `worse` (the mean over up to three shuffles), `std`.
    """
    names = data.settings.features
    most, repeats = max(200, _CELLS // len(names)), max(1, min(_REPEATS, _SHUFFLES // len(names)))
    rows = rows.head(most)
    metric, measures = data.settings.metric, data.settings.measures
    random = np.random.default_rng(data.settings.search.seed)
    sign = 1 if measures.greater_is_better(metric) else -1
    losses = []
    with threadpool_limits(1, user_api="openmp"):  # so few rows are predicted faster without threads
        usual = search.measure(data.project, model, rows)[metric]
        for name in names:
            worse = []
            for _ in range(repeats):
                shuffled = rows.assign(**{name: rows[name].to_numpy()[random.permutation(len(rows))]})
                worse.append(sign * (usual - search.measure(data.project, model, shuffled)[metric]))
            losses.append((name, float(np.mean(worse)), float(np.std(worse))))
    lines = pd.DataFrame(losses, columns=["input", "worse", "std"])
    return lines.sort_values("worse", ascending=False, ignore_index=True)


def suspects(data: Exploration, model: object, rows: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what the gates for target leakage say of these data and a quick model: one line a check."""
    checks = list(_checks(data, model, rows))
    return pd.DataFrame(
        [
            (check.name, "passed" if check.passed else "SUSPECT", check.value, check.bound, check.reason)
            for check in checks
        ],
        columns=["check", "result", "value", "bound", "reason"],
    )


def _checks(data: Exploration, model: object, rows: dict[str, pd.DataFrame]) -> Iterator[Check]:
    fitted, held_out = (
        with_predictions(rows[split], predict(data.project, model, rows[split])) for split in ("train", "holdout")
    )
    yield from checks_of_values(data.settings, fitted, held_out)
    yield from known_before_the_label(data)
    yield from lookups_before_the_label(data)


def _coefficients(data: Exploration, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """Return the correlation of each pair; both values must be known, because Spark counts a null as no row."""
    values = {name: without_nan(name, "double") for pair in pairs for name in pair}
    measured = []
    for place, (left, right) in enumerate(pairs):
        both = values[left].isNotNull() & values[right].isNotNull()
        measured.append(F.corr(F.when(both, values[left]), F.when(both, values[right])).alias(f"c{place}"))
    (row,) = data.rows.agg(*measured).collect()
    return {pair: float("nan") if row[place] is None else float(row[place]) for place, pair in enumerate(pairs)}
