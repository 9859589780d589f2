"""Explain a model version and plot its predictions on its training run, then refresh its model card."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
from mlflow import MlflowClient
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..errors import ProjectError, first_line
from ..evaluation.metrics import Array
from ..evaluation.shap_of_classes import importance_of_classes
from ..evaluation.shap_values import BACKGROUND_ROWS, Explanation, Predict, importance
from ..loading import load, predict_with
from ..model_card.collect import EXPLANATION_TAG, IMPORTANCE_FILE
from ..platform.base import Platform
from ..project import Project
from ..registry import Registry
from ..validation.candidate import Candidate, resolve
from . import task

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

_PLOTTED_ROWS = 5000


class Values(task.Values):
    """Whether the version was explained."""

    explained: str


def run(parameters: Candidate, project: Project, platform: Platform) -> Values:
    """Log SHAP values of the version and plots of its predictions; a version that cannot be explained is skipped.

    Raises:
        ProjectError: There is no such version, or the table has no rows of its run.
        MlflowException: There is no such model.
    """
    settings = project.config
    parameters = resolve(parameters)
    registry = Registry(parameters.model_name)
    model = load(parameters.model_uri)
    background = _sample(settings, parameters, platform, "train", BACKGROUND_ROWS)
    holdout = _sample(settings, parameters, platform, "holdout", _PLOTTED_ROWS)

    def predict(frame: pd.DataFrame) -> Array:
        return predict_with(model, frame)

    try:
        _log_predictions(settings, parameters.run_id, holdout, predict(holdout[list(settings.features)]))
        features = list(settings.features)
        explanation = _explain(settings, predict, background[features], holdout[features])
        _log_explanation(settings, parameters.run_id, explanation)
        outcome = "done"
    except Exception as error:  # noqa: BLE001 - the job continues whatever error a model causes here
        outcome = f"skipped: {first_line(error)}"
        log.warning("%s is not explained: %s", parameters, outcome)
    registry.tag(parameters.model_version, EXPLANATION_TAG, outcome)
    return Values(explained=str(outcome == "done").lower())


def _sample(
    settings: ProjectConfig, candidate: Candidate, platform: Platform, split: str, at_most: int
) -> pd.DataFrame:
    """Return rows of the run, chosen by a hash of their keys, so that the sample is random but the same each time."""
    rows = platform.tables.read(candidate.training_table)
    own = rows.where((F.col("run_id") == candidate.run_id) & (F.col("split") == split))
    key = settings.spine.key
    sample = own.orderBy(F.xxhash64(key), key).limit(at_most).toPandas()
    if sample.empty:
        raise ProjectError(
            f"table {candidate.training_table} has no {split} rows of run {candidate.run_id}: "
            "run the training job again."
        )
    return sample


def _log_predictions(settings: ProjectConfig, run_id: str, rows: pd.DataFrame, prediction: Array) -> None:
    from ..evaluation import plots  # noqa: PLC0415 - imports matplotlib, which only this task needs
    from ..evaluation.plots_of_classes import of_classes  # noqa: PLC0415 - likewise

    label = rows[settings.label].to_numpy(dtype="float64")
    if settings.problem_type == "multiclass":
        _log_figures(run_id, of_classes(label, prediction, settings.classes))
    else:
        _log_figures(run_id, plots.of_predictions(settings.problem_type, label, prediction, _quantity(settings)))


def _explain(settings: ProjectConfig, predict: Predict, background: pd.DataFrame, rows: pd.DataFrame) -> Explanation:
    seed = settings.search.seed
    if settings.problem_type == "multiclass":
        return importance_of_classes(predict, background, rows, seed, len(settings.classes))
    return importance(predict, background, rows, seed)


def _log_explanation(settings: ProjectConfig, run_id: str, explanation: Explanation) -> None:
    from ..evaluation import plots  # noqa: PLC0415 - imports matplotlib

    quantity = _quantity(settings)
    facts = {
        "importance": {str(name): float(value) for name, value in explanation.importance.items()},
        "unit": quantity,
        "base": explanation.base,
        "rows": len(explanation.values),
        "background_rows": explanation.background_rows,
        "seed": settings.search.seed,
    }
    MlflowClient().log_dict(run_id, facts, IMPORTANCE_FILE)
    figures = plots.of_explanation(explanation, quantity)
    if settings.problem_type == "multiclass":
        del figures["shap_values"]  # the mean over classes has no direction
    _log_figures(run_id, figures)


def _log_figures(run_id: str, figures: Mapping[str, Figure]) -> None:
    for name, figure in figures.items():
        MlflowClient().log_figure(run_id, figure, f"explain/{name}.png")
        figure.clear()


def _quantity(settings: ProjectConfig) -> str:
    """Return the name of what is predicted: the label, or its probability."""
    if settings.problem_type == "multiclass":
        return f"probability of a {settings.label}, mean of {len(settings.classes)} classes"
    return settings.label if settings.problem_type == "regression" else f"probability of {settings.label}"
