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

from . import model
from .config import Dimension, ProjectConfig
from .evaluation import GREATER_IS_BETTER, Array, evaluate, one_column

log = logging.getLogger(__name__)

# On few rows OpenMP threads cost more than they save, and ten times as much on a machine that is busy.
_ROWS_WORTH_THREADS = 50_000

Metrics = dict[str, float]
OnTrial = Callable[[int, dict[str, Any], Metrics], None]


@dataclass(frozen=True)
class Trained:
    """The chosen model with its hyperparameters and its metrics by split."""

    estimator: Pipeline
    hyperparameters: dict[str, Any]
    metrics: dict[str, Metrics]


def train(
    config: ProjectConfig, rows: dict[str, pd.DataFrame], *, trials: int, on_trial: OnTrial | None = None
) -> Trained:
    """Search the hyperparameters on the validation rows and measure the best model on every split.

    Args:
        config: Names the features, the label, the metric and the search space.
        rows: Frames of the splits train, validation and holdout, with features and label.
        trials: How many models to try, at least 1.
        on_trial: Called with number, hyperparameters and validation metrics of each trial.

    Returns:
        The model trained on the train rows alone, so that its validation and holdout metrics are of unseen rows.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    optuna.logging.disable_default_handler()  # its lines go where the project's own go
    optuna.logging.enable_propagation()
    direction = StudyDirection.MAXIMIZE if GREATER_IS_BETTER[config.metric] else StudyDirection.MINIMIZE
    study = optuna.create_study(direction=direction, sampler=optuna.samplers.TPESampler(seed=config.search.seed))

    def objective(trial: optuna.Trial) -> float:
        hyperparameters = {name: suggest(trial, name, dim) for name, dim in config.search.space.items()}
        measured = measure(config, fit(config, rows["train"], hyperparameters), rows["validation"])
        log.info("trial %d: validation %s %.4g", trial.number, config.metric, measured[config.metric])
        if on_trial is not None:
            on_trial(trial.number, hyperparameters, measured)
        return measured[config.metric]

    study.optimize(objective, n_trials=trials)
    estimator = fit(config, rows["train"], study.best_params)
    return Trained(estimator, study.best_params, {split: measure(config, estimator, rows[split]) for split in rows})


def suggest(trial: optuna.Trial, name: str, dimension: Dimension) -> float | int:
    """Let the trial choose a value of one dimension of the search space."""
    if dimension.type == "int":
        return trial.suggest_int(name, int(dimension.low), int(dimension.high), log=dimension.log)
    return trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)


def fit(config: ProjectConfig, rows: pd.DataFrame, hyperparameters: dict[str, Any]) -> Pipeline:
    """Return a model trained on the rows."""
    estimator = model.build(config.problem_type, hyperparameters, config.search.seed)
    threads = None if len(rows) >= _ROWS_WORTH_THREADS else 1
    with threadpool_limits(threads, user_api="openmp"):
        return estimator.fit(rows[list(config.features)], rows[config.label])


def predict(config: ProjectConfig, estimator: Pipeline, rows: pd.DataFrame) -> Array:
    """Return the predictions of a model in memory, shape (rows,)."""
    method = getattr(estimator, model.PREDICT_METHOD[config.problem_type])
    return one_column(method(rows[list(config.features)]))


def measure(config: ProjectConfig, estimator: Pipeline, rows: pd.DataFrame) -> Metrics:
    """Return the metrics of a model on the rows."""
    label = rows[config.label].to_numpy(dtype=np.float64)
    return evaluate(config.problem_type, label, predict(config, estimator, rows))
