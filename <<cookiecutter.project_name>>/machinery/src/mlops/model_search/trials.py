"""Tries contenders until a time budget is used up."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import cloudpickle
import optuna
import pandas as pd
from optuna.study import StudyDirection
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from ..errors import ProjectError, first_line
from ..training import search
from ..training.fitting import fit, predict
from .families import Contender

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trial:
    """One fitted model.

    Attributes:
        number: The number of the trial, from 0.
        contender: Its family.
        hyperparameters: What it was built with.
        metrics: Its metrics on the validation rows.
        fit_seconds: How long it took to fit.
        predict_ms: How long it takes to predict a thousand of the validation rows, in milliseconds.
        megabytes: The size of the pickled model, in MB.
        estimator: The fitted model.
    """

    number: int
    contender: Contender
    hyperparameters: dict[str, Any]
    metrics: search.Metrics
    fit_seconds: float
    predict_ms: float
    megabytes: float
    estimator: Any


@dataclass
class _Arm:
    """A contender with what is known of it."""

    contender: Contender
    study: optuna.Study
    best: Trial | None = None
    trials: int = 0
    error: str = ""


@dataclass(frozen=True)
class Found:
    """What was found: the best trial of each contender, how many trials each had, and why others failed."""

    best: list[Trial]
    trials: dict[str, int]
    failed: dict[str, str] = field(default_factory=dict)


def run(
    contenders: Iterable[Contender],
    rows: dict[str, pd.DataFrame],
    seconds: float,
    on_trial: Callable[[Trial], None],
    clock: Callable[[], float] = time.monotonic,
) -> Found:
    """Try the contenders in turn, then every second time the one that is best so far, until the time is used up.

    A trial that has begun is finished, so that the budget may be exceeded by one fit. Every contender is tried once,
    even if the budget is already used up.

    Args:
        contenders: The model families; all have the same metric.
        rows: The rows of each split. Models are fitted to the train rows and chosen on the validation rows.
        seconds: The budget.
        on_trial: Called with each trial.
        clock: Returns the time in seconds.

    Raises:
        ProjectError: No contender could be fitted.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    arms, until, number = [_arm(contender) for contender in contenders], clock() + seconds, 0
    order = cycle(arms)
    for turn in range(1_000_000):  # the budget ends it; a bound in case the clock stands still
        alive = [arm for arm in arms if not arm.error]
        if not alive:
            why = "; ".join(f"{arm.contender.name}: {arm.error}" for arm in arms)
            raise ProjectError(f"no model could be fitted: {why}.")
        if clock() >= until and all(arm.trials for arm in alive):
            break
        every = turn < len(arms) or turn % 2
        arm = next(arm for arm in order if not arm.error) if every else _leader(alive)
        trial = _try_next(arm, rows, number)
        if trial is not None:
            on_trial(trial)
            number += 1
    best = [arm.best for arm in arms if arm.best is not None]
    return Found(
        sorted(best, key=_rank),
        {arm.contender.name: arm.trials for arm in arms},
        {arm.contender.name: arm.error for arm in arms if arm.error},
    )


def _arm(contender: Contender) -> _Arm:
    config = contender.project.config
    direction = StudyDirection.MAXIMIZE if config.measures.greater_is_better(config.metric) else StudyDirection.MINIMIZE
    study = optuna.create_study(direction=direction, sampler=optuna.samplers.TPESampler(seed=config.search.seed))
    if contender.first:
        study.enqueue_trial(dict(contender.first))
    return _Arm(contender, study)


def _rank(trial: Trial) -> float:
    config = trial.contender.project.config
    value = trial.metrics[config.metric]
    return -value if config.measures.greater_is_better(config.metric) else value


def _leader(arms: list[_Arm]) -> _Arm:
    return min(arms, key=lambda arm: float("inf") if arm.best is None else _rank(arm.best))


def _try_next(arm: _Arm, rows: dict[str, pd.DataFrame], number: int) -> Trial | None:
    """Fit one model of the arm; a failure takes the arm out of the race."""
    proposal, project = arm.study.ask(), arm.contender.project
    hyperparameters = search.suggest(proposal, project.config.search)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # such a model is judged by its metric like the others
            started = time.perf_counter()
            estimator = fit(project, rows, hyperparameters)
            fitted = time.perf_counter()
        metrics = search.measure(project, estimator, rows["validation"])
    except Exception as error:  # noqa: BLE001 - a model may raise anything; the others are still tried
        arm.error = str(error) if isinstance(error, ProjectError) else first_line(error)
        log.warning("%s is left out: %s", arm.contender.name, arm.error)
        return None
    arm.study.tell(proposal, metrics[project.config.metric])
    arm.trials += 1
    trial = Trial(
        number,
        arm.contender,
        hyperparameters,
        metrics,
        fitted - started,
        _predict_ms(arm.contender, estimator, rows["validation"]),
        len(cloudpickle.dumps(estimator)) / 1e6,
        estimator,
    )
    if arm.best is None or _rank(trial) < _rank(arm.best):
        arm.best = trial
    log.info("trial %d: %s, validation %s", number, arm.contender.name, metrics[project.config.metric])
    return trial


def _predict_ms(contender: Contender, estimator: Any, rows: pd.DataFrame) -> float:  # noqa: ANN401 - of any library
    some = rows.head(1000)
    with threadpool_limits(1, user_api="openmp"):  # so few rows are predicted faster without threads
        started = time.perf_counter()
        predict(contender.project, estimator, some)
        return (time.perf_counter() - started) * 1e6 / len(some)
