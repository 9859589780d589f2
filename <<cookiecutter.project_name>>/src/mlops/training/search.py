"""Hyperparameter search and final fit: pandas frames in, a model and its metrics out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.study import StudyDirection
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ..config.load import Dimension, Search
from ..evaluation.metrics import GREATER_IS_BETTER, Array, evaluate, one_column
from ..project import Project
from .model_inputs import ModelInputs

log = logging.getLogger(__name__)

# With few rows, OpenMP threads cost more time than they save, and ten times as much on a busy machine.
_ROWS_WORTH_THREADS = 50_000

Metrics = dict[str, float]
OnTrial = Callable[[int, dict[str, Any], Metrics], None]


@dataclass(frozen=True)
class Trained:
    """The best model with its hyperparameters and its metrics by split."""

    estimator: Pipeline
    hyperparameters: dict[str, Any]
    metrics: dict[str, Metrics]


def train(project: Project, rows: dict[str, pd.DataFrame], *, trials: int, on_trial: OnTrial | None = None) -> Trained:
    """Search for the best hyperparameters on the validation rows, and evaluate the best model on every split.

    Args:
        project: Builds the model, and names the features, the label, the metric and the search space.
        rows: One frame for each of the splits train, validation and holdout, with features and label.
        trials: How many sets of hyperparameters to try, at least 1.
        on_trial: Called with the number, the hyperparameters and the validation metrics of each trial.

    Returns:
        The best model, trained on the train rows only, so that its validation and holdout metrics are of rows that it
        was not fitted to.
    """
    config = project.config
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    optuna.logging.disable_default_handler()  # Optuna's lines go to the project's own log handlers
    optuna.logging.enable_propagation()
    direction = StudyDirection.MAXIMIZE if GREATER_IS_BETTER[config.metric] else StudyDirection.MINIMIZE
    study = optuna.create_study(direction=direction, sampler=optuna.samplers.TPESampler(seed=config.search.seed))

    def objective(trial: optuna.Trial) -> float:
        hyperparameters = {name: suggest(trial, name, dim) for name, dim in config.search.space.items()}
        measured = measure(project, fit(project, rows["train"], hyperparameters), rows["validation"])
        log.info("trial %d: validation %s %.4g", trial.number, config.metric, measured[config.metric])
        if on_trial is not None:
            on_trial(trial.number, hyperparameters, measured)
        return measured[config.metric]

    study.optimize(objective, n_trials=trials)
    estimator = fit(project, rows["train"], study.best_params)
    return Trained(estimator, study.best_params, {split: measure(project, estimator, rows[split]) for split in rows})


def suggest(trial: optuna.Trial, name: str, dimension: Dimension) -> float | int:
    """Let the trial choose the value of one hyperparameter."""
    if dimension.type == "int":
        return trial.suggest_int(name, int(dimension.low), int(dimension.high), log=dimension.log)
    return trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)


def corners(space: Search) -> list[dict[str, Any]]:
    """Return two sets of hyperparameters: the lowest and the highest value of each."""
    ends: list[dict[str, float]] = [{name: one.low for name, one in space.space.items()}]
    ends.append({name: one.high for name, one in space.space.items()})
    trials = [optuna.trial.FixedTrial(end) for end in ends]
    return [{name: suggest(trial, name, one) for name, one in space.space.items()} for trial in trials]  # type: ignore[arg-type] # has the same interface


def fit(project: Project, rows: pd.DataFrame, hyperparameters: dict[str, Any]) -> Pipeline:
    """Return a model trained on the rows."""
    config = project.config
    own = project.build_model(config.problem_type, hyperparameters, config.search.seed)
    estimator = Pipeline([("inputs", ModelInputs()), ("model", own)])
    threads = None if len(rows) >= _ROWS_WORTH_THREADS else 1
    with threadpool_limits(threads, user_api="openmp"):
        return estimator.fit(rows[list(config.features)], rows[config.label])


def predict(project: Project, estimator: Pipeline, rows: pd.DataFrame) -> Array:
    """Return the predictions, shape (rows,), of a model in memory."""
    method = getattr(estimator, project.predict_method)
    return one_column(method(rows[list(project.config.features)]))


def measure(project: Project, estimator: Pipeline, rows: pd.DataFrame) -> Metrics:
    """Return the metrics of a model on the rows."""
    config = project.config
    label = rows[config.label].to_numpy(dtype=np.float64)
    return evaluate(config.problem_type, label, predict(project, estimator, rows))
