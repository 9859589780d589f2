"""SHAP values, the contribution of each feature to a prediction, for any model that predicts from a frame.

Method: Shapley values, where a feature that is left out takes the values of background rows (Lundberg and Lee, 2017,
"A unified approach to interpreting model predictions"). They are estimated by going through one random order of the
features forwards and backwards, which is exact for models with at most second-order interactions (shap,
PermutationExplainer).
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

from ..statistics.codes import Codes
from .metrics import Array

Predict = Callable[[pd.DataFrame], Array]

BACKGROUND_ROWS = 30
SAMPLE_ROWS = 100
_FEWEST_ROWS = 10
_PREDICTIONS = 200_000  # in total; a model with many features is explained on fewer rows


@dataclass(frozen=True)
class Explanation:
    """The contributions of each feature to each prediction.

    Attributes:
        values: SHAP values, shape (rows, features), in the unit of the prediction. The sum of a row is its prediction
            minus the base.
        data: The rows that were explained, with the same shape, columns and index; text and times as codes (`Codes`).
        base: The mean prediction for the background rows.
        background_rows: How many rows provided the values of features that were left out.
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
    """Explain the predictions for a sample of rows relative to background rows.

    Args:
        predict: Maps a frame with the columns of `background` to predictions, shape (rows,).
        background: Rows whose values replace the features of an explained row, shape (any, features); NaN is allowed.
            At most `BACKGROUND_ROWS` of them are drawn.
        sample: Rows to explain, with the same columns. At most `SAMPLE_ROWS` of them are drawn, and fewer for a model
            with many features.
        seed: Makes the drawn rows and the orders of features repeatable.

    Raises:
        ValueError: There are no rows, the columns differ, or the model does not return one
            finite prediction per row.
    """
    if background.empty or sample.empty or list(background.columns) != list(sample.columns):
        raise ValueError(
            f"cannot explain {len(sample)} rows with the columns {list(sample.columns)} "
            f"by {len(background)} background rows with the columns {list(background.columns)}"
        )
    codes = Codes.of(pd.concat([background, sample]))
    against = codes.encode(_draw(background, BACKGROUND_ROWS, seed))
    evaluations = 2 * len(sample.columns) + 1
    bound = max(_FEWEST_ROWS, min(SAMPLE_ROWS, _PREDICTIONS // (len(against) * evaluations)))
    rows = codes.encode(_draw(sample, bound, seed))
    # The model predicts about a thousand rows at a time, too few for threads to pay off (see training/search.py).
    with threadpool_limits(1, user_api="openmp"):
        contributions, base = _shapley(_with_checks(predict, codes), against, rows, seed)
    if not np.isfinite(contributions).all():
        raise ValueError("the model's predictions, and therefore its SHAP values, are not finite")
    return Explanation(pd.DataFrame(contributions, rows.index, rows.columns), rows, base, len(against))


def _draw(rows: pd.DataFrame, at_most: int, seed: int) -> pd.DataFrame:
    return rows if len(rows) <= at_most else rows.sample(at_most, random_state=seed)


def _with_checks(predict: Predict, codes: Codes) -> Predict:
    def predict_checked_rows(frame: pd.DataFrame) -> Array:
        predictions = np.asarray(predict(codes.decode(frame)), dtype=np.float64)
        if predictions.shape != (len(frame),):
            raise ValueError(f"{len(frame)} rows give predictions of shape {predictions.shape}")
        return predictions

    return predict_checked_rows


def _shapley(predict: Predict, background: pd.DataFrame, rows: pd.DataFrame, seed: int) -> tuple[Array, float]:
    """Return SHAP values, shape (rows, features), and the mean prediction for the background rows."""
    shap = _shap()
    evaluations = 2 * rows.shape[1] + 1
    with _numpy_state_kept():
        masker = shap.maskers.Independent(background, max_samples=len(background))
        explainer = shap.PermutationExplainer(predict, masker, seed=seed)
        # Row by row: a call for all rows also computes main effects (shap 0.51), which adds half as much work again.
        options = {"max_evals": evaluations, "main_effects": False, "error_bounds": False, "batch_size": "auto"}
        explained = [explainer.explain_row(row, outputs=None, silent=True, **options) for row in rows.to_numpy()]
    values = np.array([row["values"] for row in explained], dtype=np.float64)
    return values, float(explained[0]["expected_values"])


def _shap() -> ModuleType:
    """Import shap lazily."""
    with warnings.catch_warnings(), _without_compilation():
        # shap defines its colours with a matplotlib API that is pending deprecation (shap 0.51, matplotlib 3.11).
        warnings.filterwarnings("ignore", "The set_", PendingDeprecationWarning)
        import shap  # noqa: PLC0415 - takes a while
    return shap  # type: ignore[no-any-return]


@contextmanager
def _without_compilation() -> Iterator[None]:
    """Turn off numba's compilation of shap (up to 0.53), which takes seconds and saves only a tenth of a second."""
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
    """Restore numpy's global random state afterwards, because the explainer seeds it."""
    state = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(state)
