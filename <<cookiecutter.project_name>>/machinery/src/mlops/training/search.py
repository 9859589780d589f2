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

from ..config.search import Choice, Dimension, Search, is_used
from ..errors import ProjectError
from ..project import Project
from .fitting import fit, predict
from .labels import require_classes

log = logging.getLogger(__name__)

Metrics = dict[str, float]
OnTrial = Callable[[int, dict[str, Any], Metrics], None]


@dataclass(frozen=True)
class Trained:
    """The best model with its hyperparameters and its metrics by split."""

    estimator: Any
    hyperparameters: dict[str, Any]
    metrics: dict[str, Metrics]


def train(project: Project, rows: dict[str, pd.DataFrame], *, trials: int, on_trial: OnTrial | None = None) -> Trained:
    """Search for the best hyperparameters on the validation rows, and evaluate the best model on every split.

    Args:
        project: Builds the model, and names the features, the label, the metric and the search space.
        rows: One frame for each of the splits train, validation and holdout, with features and label.
        trials: How many sets of hyperparameters to try, at least 1. If all of them are fixed, one is enough.
        on_trial: Called with the number, the hyperparameters and the validation metrics of each trial.

    Returns:
        The best model, trained on the train rows only, so that its validation and holdout metrics are of rows that it
        was not fitted to. Only `fit` of model.py, if there is one, may use the validation rows to stop early.

    Raises:
        ProjectError: A classifier's labels are not of two classes in each split, or the model cannot be built or fitted
            as the configuration says.
    """
    config = project.config
    require_classes(config, rows)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    optuna.logging.disable_default_handler()  # Optuna's lines go to the project's own log handlers
    optuna.logging.enable_propagation()
    direction = StudyDirection.MAXIMIZE if config.measures.greater_is_better(config.metric) else StudyDirection.MINIMIZE
    study = optuna.create_study(direction=direction, sampler=optuna.samplers.TPESampler(seed=config.search.seed))

    tried: dict[int, dict[str, Any]] = {}

    def objective(trial: optuna.Trial) -> float:
        hyperparameters = tried[trial.number] = suggest(trial, config.search)
        measured = measure(project, fit(project, rows, hyperparameters), rows["validation"])
        log.info("trial %d: validation %s %.4g", trial.number, config.metric, measured[config.metric])
        if on_trial is not None:
            on_trial(trial.number, hyperparameters, measured)
        return measured[config.metric]

    study.optimize(objective, n_trials=trials if config.search.has_choices else 1)
    best = tried[study.best_trial.number]
    estimator = fit(project, rows, best)
    return Trained(estimator, best, {split: measure(project, estimator, rows[split]) for split in rows})


def suggest(trial: optuna.Trial, search: Search) -> dict[str, Any]:
    """Let the trial choose the hyperparameters; those whose conditions are not met are left out."""
    chosen: dict[str, Choice] = {}
    for name in search.order:
        if is_used(search.space[name], chosen):
            chosen[name] = _suggest(trial, name, search.space[name])
    return {name: chosen[name] for name in search.space if name in chosen}


def corners(search: Search) -> list[dict[str, Any]]:
    """Return some sets of hyperparameters at the ends of the search space: all lowest, all highest, and each choice."""
    lowest = {
        name: dimension.choices[0] if dimension.choices else dimension.low for name, dimension in search.space.items()
    }
    highest = {
        name: dimension.choices[-1] if dimension.choices else dimension.high for name, dimension in search.space.items()
    }
    others = [
        {**lowest, name: choice} for name, dimension in search.space.items() for choice in dimension.choices[1:-1]
    ]
    trials = [optuna.trial.FixedTrial(chosen) for chosen in (lowest, highest, *others)]
    return [suggest(trial, search) for trial in trials]  # type: ignore[arg-type] # it has the same interface


def _suggest(trial: optuna.Trial, name: str, dimension: Dimension) -> Choice:
    match dimension:
        case Dimension(type="categorical"):
            value: Choice = trial.suggest_categorical(name, dimension.choices)
        case Dimension(type="int", low=float(low), high=float(high)):
            value = trial.suggest_int(name, int(low), int(high), log=dimension.log)
        case Dimension(type="float", low=float(low), high=float(high)):
            value = trial.suggest_float(name, low, high, log=dimension.log)
        case _:
            value = dimension.value
    return value


def measure(project: Project, estimator: Any, rows: pd.DataFrame) -> Metrics:  # noqa: ANN401 - of any library
    """Return the metrics of a model on the rows.

    Raises:
        ProjectError: The model's predictions, or a metric of the project's own, are not finite, or have a wrong shape.
    """
    config = project.config
    label = rows[config.label].to_numpy(dtype=np.float64)
    try:
        return config.measures.evaluate(label, predict(project, estimator, rows))
    except ValueError as error:
        raise ProjectError(f"the model cannot be evaluated on {len(rows)} rows: {error}.") from error
