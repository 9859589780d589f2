"""What a prediction owes to each feature: SHAP values, for any model that predicts from a frame.

Method: Shapley values of features that are replaced by those of background rows (Lundberg and Lee, 2017, "A unified
approach to interpreting model predictions"), estimated by walking one random order of the features forwards and
backwards, which is exact for models of up to second-order interactions (shap, PermutationExplainer).
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from .metrics import Array

Predict = Callable[[pd.DataFrame], Array]

BACKGROUND_ROWS = 30
SAMPLE_ROWS = 100
_FEWEST_ROWS = 10
_PREDICTIONS = 200_000  # in all; a model with many features is explained on fewer rows


@dataclass(frozen=True)
class Explanation:
    """The contributions of each feature to each prediction.

    Attributes:
        values: SHAP values, shape (rows, features), in the unit of the prediction: a row's sum is its prediction less
            the base.
        data: The rows that were explained, of the same shape, columns and index.
        base: The mean prediction for the background rows.
        background_rows: How many rows stood in for "feature not known".
    """

    values: pd.DataFrame
    data: pd.DataFrame
    base: float
    background_rows: int

    @property
    def importance(self) -> pd.Series[float]:
        """The mean absolute SHAP value of each feature, in the unit of the prediction, greatest first."""
        return self.values.abs().mean().sort_values(ascending=False, kind="stable")


def importance(predict: Predict, background: pd.DataFrame, sample: pd.DataFrame, seed: int) -> Explanation:
    """Explain the predictions for a sample of rows against a background of others.

    Args:
        predict: Maps a frame of doubles with the columns of `background` to predictions, shape (rows,).
        background: Rows that the features of an explained row are replaced by, shape (any, features); NaN is allowed.
            At most `BACKGROUND_ROWS` of them are drawn.
        sample: Rows to explain, with the same columns. At most `SAMPLE_ROWS` of them are drawn, fewer for a model with
            many features.
        seed: Makes the draw and the orders of features repeatable.

    Raises:
        ValueError: No rows, other columns, features that are no numbers, or a model that does not give one finite
            prediction a row.
    """
    if background.empty or sample.empty or list(background.columns) != list(sample.columns):
        raise ValueError(
            f"cannot explain {len(sample)} rows of {list(sample.columns)} "
            f"by {len(background)} rows of {list(background.columns)}"
        )
    against = _draw(background, BACKGROUND_ROWS, seed)
    evaluations = 2 * len(sample.columns) + 1
    bound = max(_FEWEST_ROWS, min(SAMPLE_ROWS, _PREDICTIONS // (len(against) * evaluations)))
    rows = _draw(sample, bound, seed)
    # The model is asked for a thousand rows at a time, too few for threads (see training.py).
    with threadpool_limits(1, user_api="openmp"):
        found, base = _shapley(_checked(predict), against, rows, seed)
    if not np.isfinite(found).all():
        raise ValueError("the model's predictions, and so its SHAP values, are not finite")
    return Explanation(pd.DataFrame(found, rows.index, rows.columns), rows, base, len(against))


def _draw(rows: pd.DataFrame, at_most: int, seed: int) -> pd.DataFrame:
    drawn = rows if len(rows) <= at_most else rows.sample(at_most, random_state=seed)
    return drawn.astype("float64")


def _checked(predict: Predict) -> Predict:
    def checked(frame: pd.DataFrame) -> Array:
        found = np.asarray(predict(frame), dtype=np.float64)
        if found.shape != (len(frame),):
            raise ValueError(f"{len(frame)} rows give predictions of shape {found.shape}")
        return found

    return checked


def _shapley(predict: Predict, background: pd.DataFrame, rows: pd.DataFrame, seed: int) -> tuple[Array, float]:
    """SHAP values, shape (rows, features), and the mean prediction for the background."""
    shap = _shap()
    evaluations = 2 * rows.shape[1] + 1
    with _numpy_state_kept():
        masker = shap.maskers.Independent(background, max_samples=len(background))
        explainer = shap.PermutationExplainer(predict, masker, seed=seed)
        # Row by row: a call for all rows computes main effects as well (shap 0.51), which is half as much work again.
        options = {"max_evals": evaluations, "main_effects": False, "error_bounds": False, "batch_size": "auto"}
        found = [explainer.explain_row(row, outputs=None, silent=True, **options) for row in rows.to_numpy()]
    values = np.array([row["values"] for row in found], dtype=np.float64)
    return values, float(found[0]["expected_values"])


def _shap() -> ModuleType:
    """Import shap, as late as it is needed."""
    with warnings.catch_warnings(), _not_compiled():
        # shap's own colours, by a way of matplotlib that will go some day (shap 0.51, matplotlib 3.11).
        warnings.filterwarnings("ignore", "The set_", PendingDeprecationWarning)
        import shap  # noqa: PLC0415 - takes a while
    return shap  # type: ignore[no-any-return]


@contextmanager
def _not_compiled() -> Iterator[None]:
    """Keep numba, with which shap was built until 0.53, from compiling it: that takes seconds, and spares a tenth."""
    if importlib.util.find_spec("numba") is None:
        yield
        return
    settings: Any = importlib.import_module("numba").config
    compiled = settings.DISABLE_JIT
    settings.DISABLE_JIT = True
    try:
        yield
    finally:
        settings.DISABLE_JIT = compiled


@contextmanager
def _numpy_state_kept() -> Iterator[None]:
    """Leave numpy's global random state, which the explainer seeds, as it was."""
    state = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(state)
