"""Checks for target leakage: are the predictions, one input, or missing values suspiciously close to the label?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pyspark.sql import functions as F
from threadpoolctl import threadpool_limits

from ..config.load import ProjectConfig
from ..evaluation.metrics import Array, as_predictions
from ..statistics.codes import as_numbers, ranked_by_label
from ..statistics.explained_variance import Explained, alone, best_explained_share
from .check import Check
from .evidence import Evidence
from .leakage_suspects import arrives_with_label, missing_values, near_perfect_input, near_perfect_score
from .origin import HasOrigin

PREDICTED = "__predicted"
_MOST_ROWS, _FEWEST_ROWS, _CELLS = 3000, 500, 60_000  # with many inputs, fewer rows are measured


def too_good(evidence: Evidence) -> Iterator[Check]:
    """Neither the model nor one input alone explains nearly all of the label, and missing inputs do not mirror it."""
    fitted, features = evidence.trained_on, list(evidence.settings.features)
    # The model predicts a few thousand rows, too few for threads to pay off (see training/search.py).
    with threadpool_limits(1, user_api="openmp"):
        fitted = with_predictions(fitted, evidence.predict(fitted[features]))
    return checks_of_values(evidence.settings, fitted, with_predictions(evidence.rows, evidence.prediction))


def checks_of_values(settings: ProjectConfig, fitted: pd.DataFrame, held_out: pd.DataFrame) -> Iterator[Check]:
    """Check the values of rows that the model was fitted to, and of held-out rows.

    Each input is measured by a small tree fitted to the former and scored on the latter; so is the model's prediction,
    which makes up for predictions that are in the right order but on another scale.

    Args:
        settings: The configuration.
        fitted: Rows with the features, the label, and the model's prediction in the column `PREDICTED`, or in one such
            column for each of more than two classes. These are not measured by a tree.
        held_out: Rows with the same columns.

    Raises:
        ValueError: There are no rows, or all have the same label.
    """
    names, seed = list(settings.features), settings.search.seed
    policy, limit = settings.validation.leakage, settings.validation.leakage.limit(settings.problem_type)
    at_most = min(_MOST_ROWS, max(_FEWEST_ROWS, _CELLS // len(names)))
    predicted = [name for name in held_out.columns if str(name).startswith(PREDICTED)]
    columns = [*names, settings.label, *predicted]
    fitted, held_out = (_draw_rows(rows[columns], at_most, seed) for rows in (fitted, held_out))
    labels = _labels(settings, fitted), _labels(settings, held_out)
    inputs = {name: _alone(name, fitted, held_out, labels, seed) for name in names}
    prediction = [as_predictions(rows[predicted].to_numpy()) for rows in (fitted, held_out)]
    model = best_explained_share(labels[1], prediction[1], labels[0])
    if labels[0].ndim == 1:
        model = max(
            model,
            alone(prediction[0], labels[0], prediction[1], labels[1], seed),
            key=lambda explained: explained.surely,
        )
    yield near_perfect_score(model, inputs, limit, policy)
    yield near_perfect_input(model, inputs, limit, policy)
    rows = pd.concat([fitted, held_out], ignore_index=True)
    missing = {name: rows[name].isna().to_numpy() for name in names}
    yield missing_values(missing, np.concatenate(labels), policy)


def known_before_the_label(evidence: HasOrigin) -> Iterator[Check]:
    """No input is missing just where the label is not known yet, as a value that arrives together with it would be."""
    settings, spine = evidence.settings, evidence.origin.spine()
    names = [name for name in settings.feature_set.request if name != settings.spine.event_time]
    unknown = F.col(settings.label).isNull()
    missing = [F.count(F.when(where & F.col(name).isNull(), 1)) for where in (unknown, ~unknown) for name in names]
    counted = spine.agg(F.count(F.when(unknown, 1)), F.count(F.when(~unknown, 1)), *missing).collect()[0]
    unlabelled, labelled, *counts = counted
    shares = {
        name: (late / max(unlabelled, 1), usual / max(labelled, 1))
        for name, late, usual in zip(names, counts[: len(names)], counts[len(names) :], strict=True)
    }
    yield arrives_with_label(shares, unlabelled, settings.validation.leakage)


def _draw_rows(rows: pd.DataFrame, at_most: int, seed: int) -> pd.DataFrame:
    return rows if len(rows) <= at_most else rows.sample(at_most, random_state=seed)


def _alone(
    name: str, fitted: pd.DataFrame, held_out: pd.DataFrame, labels: tuple[Array, Array], seed: int
) -> Explained:
    column, other = fitted[name], held_out[name]
    if column.dtype.kind == "O":
        # Text has no order of its own; the numbers of several classes are as good as any to order it by.
        order = labels[0] if labels[0].ndim == 1 else labels[0] @ np.arange(labels[0].shape[1])
        numbers = ranked_by_label(column, order, other)
    else:
        numbers = (as_numbers(column), as_numbers(other))
    return alone(numbers[0], labels[0], numbers[1], labels[1], seed)


def _labels(settings: ProjectConfig, rows: pd.DataFrame) -> Array:
    """Return the labels, shape (rows,), or (rows, classes) with 1 for the class of the row and 0 for the others."""
    label = rows[settings.label].to_numpy(dtype="float64")
    return np.eye(len(settings.classes))[label.astype(np.intp)] if settings.problem_type == "multiclass" else label


def with_predictions(rows: pd.DataFrame, prediction: Array) -> pd.DataFrame:
    """Return the rows with the predictions, shape (rows,) or (rows, classes), where `checks_of_values` expects them."""
    if prediction.ndim == 1:
        return rows.assign(**{PREDICTED: prediction})
    return rows.assign(**{f"{PREDICTED}_{number}": column for number, column in enumerate(prediction.T)})
