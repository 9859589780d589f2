"""Checks for target leakage: are the predictions, one input, or missing values suspiciously close to the label?"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from pyspark.sql import functions as F
from threadpoolctl import threadpool_limits

from ..config.load import ProjectConfig
from ..evaluation.codes import as_numbers, ranked_by_label
from ..evaluation.explained_variance import Explained, alone, best_explained
from .check import Check
from .evidence import Evidence
from .leakage_suspects import arrives_with_label, missing_values, near_perfect_input, near_perfect_score

PREDICTED = "__predicted"
_MOST_ROWS, _FEWEST_ROWS, _CELLS = 3000, 500, 60_000  # with many inputs, fewer rows are measured


def too_good(evidence: Evidence) -> Iterator[Check]:
    """Neither the model nor one input alone explains nearly all of the label, and missing inputs do not mirror it."""
    fitted, features = evidence.trained_on, list(evidence.settings.features)
    # The model predicts a few thousand rows, too few for threads to pay off (see training/search.py).
    with threadpool_limits(1, user_api="openmp"):
        fitted = fitted.assign(**{PREDICTED: evidence.predict(fitted[features])})
    return checks_of_values(evidence.settings, fitted, evidence.rows.assign(**{PREDICTED: evidence.prediction}))


def checks_of_values(settings: ProjectConfig, fitted: pd.DataFrame, held_out: pd.DataFrame) -> Iterator[Check]:
    """Check the values of rows that the model was fitted to, and of held-out rows.

    Each input is measured by a small tree fitted to the former and scored on the latter; so is the model's prediction,
    which makes up for predictions that are in the right order but on another scale.

    Args:
        settings: The configuration.
        fitted: Rows with the features, the label, and the model's prediction in the column `PREDICTED`.
        held_out: Rows with the same columns.

    Raises:
        ValueError: There are no rows, or all have the same label.
    """
    names, label, seed = list(settings.features), settings.label, settings.search.seed
    policy, limit = settings.validation.leakage, settings.validation.leakage.limit(settings.problem_type)
    at_most = min(_MOST_ROWS, max(_FEWEST_ROWS, _CELLS // len(names)))
    fitted, held_out = (_drawn(rows[[*names, label, PREDICTED]], at_most, seed) for rows in (fitted, held_out))
    inputs = {name: _alone(name, fitted, held_out, label, seed) for name in names}
    raw = best_explained(*(rows.to_numpy() for rows in (held_out[label], held_out[PREDICTED], fitted[label])))
    model = max(raw, _alone(PREDICTED, fitted, held_out, label, seed), key=lambda one: one.surely)
    yield near_perfect_score(model, inputs, limit, policy)
    yield near_perfect_input(model, inputs, limit, policy)
    rows = pd.concat([fitted, held_out], ignore_index=True)
    yield missing_values({name: rows[name].isna().to_numpy() for name in names}, rows[label].to_numpy(), policy)


def known_before_the_label(evidence: Evidence) -> Iterator[Check]:
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


def _drawn(rows: pd.DataFrame, at_most: int, seed: int) -> pd.DataFrame:
    return rows if len(rows) <= at_most else rows.sample(at_most, random_state=seed)


def _alone(name: str, fitted: pd.DataFrame, held_out: pd.DataFrame, label: str, seed: int) -> Explained:
    labels, other_labels = (rows[label].to_numpy(dtype="float64") for rows in (fitted, held_out))
    column, other = fitted[name], held_out[name]
    if column.dtype.kind == "O":
        numbers = ranked_by_label(column, labels, other)
    else:
        numbers = (as_numbers(column), as_numbers(other))
    return alone(numbers[0], labels, numbers[1], other_labels, seed)
