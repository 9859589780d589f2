"""Try several model families within a time budget, to know what is easily reached before a model is written."""

from __future__ import annotations

import logging
from typing import Any

import mlflow
import pandas as pd
from pydantic import Field
from pyspark.sql import functions as F

from .. import tracking
from ..config.load import ProjectConfig
from ..feature_store.base import TrainingSet
from ..model_search import families, files, leaderboard, source, trials
from ..platform.base import Platform
from ..preflight import check as preflight
from ..project import Project
from ..sources.sources import Sources
from ..training import run_record, training_set
from ..training.labels import require_classes
from ..training.model_inputs import kinds_of
from . import task

log = logging.getLogger(__name__)

MOST_ROWS = 200_000  # with more, too few models would be fitted within the budget


class Parameters(task.Parameters):
    """Where to read, the experiment to log to, and the time budget in seconds."""

    source_tables: str
    schema_name: str
    experiment_id: str
    budget_seconds: float = Field(gt=0)
    git_commit: str = ""


class Values(task.Values):
    """The MLflow run with the leaderboard, and the best family."""

    baseline_run_id: str
    best_model: str
    trials: int


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Try the families on the rows of training, log every trial, and log the leaderboard and the winner's files."""
    preflight.require(project, platform.tables, parameters.schema_name)
    config = project.config
    sources = Sources.of(parameters.source_tables, config.sources, platform.tables)
    store = platform.feature_store(parameters.schema_name, config.feature_tables)
    built = training_set.build(project, sources, store)
    rows = _rows(config, built)
    require_classes(config, rows)
    with mlflow.start_run(experiment_id=parameters.experiment_id, run_name="baseline") as mlflow_run:
        run_id = mlflow_run.info.run_id
        params = {"source_tables": str(sources), "budget_seconds": parameters.budget_seconds}
        tracking.log(params, tags={"git_commit": parameters.git_commit})
        run_record.log_rows(config, rows)
        wanted = list(families.contenders(project, kinds_of(built.types)))
        results = trials.run(wanted, rows, parameters.budget_seconds, _log_trial)
        board = leaderboard.lines(config, results, rows)
        _log_results(config, results, board, run_id)
    count = sum(results.trials.values())
    log.info("run %s tried %d models; the best is %s", run_id, count, board[0].model)
    return Values(baseline_run_id=run_id, best_model=board[0].model, trials=count)


def _rows(config: ProjectConfig, built: TrainingSet) -> dict[str, pd.DataFrame]:
    """Return the rows of each split, oldest first, or a repeatable sample of them if there are very many."""
    key, time = config.spine.key, config.spine.event_time
    rows = built.rows.orderBy(F.xxhash64(key), key).limit(MOST_ROWS).toPandas()
    rows.attrs.clear()  # Spark Connect stores metrics of its plan there
    ordered = rows.sort_values([time, key], ignore_index=True)
    return {split: ordered[ordered["split"] == split].reset_index(drop=True) for split in training_set.SPLITS}


def _log_trial(trial: trials.Trial) -> None:
    """Log a trial as a child of the active run, with the code that builds its model again."""
    config, parent = trial.contender.project.config, mlflow.active_run()
    experiment_id = None if parent is None else parent.info.experiment_id
    with mlflow.start_run(experiment_id=experiment_id, run_name=f"{trial.contender.name} {trial.number}", nested=True):
        costs = {"fit_seconds": trial.fit_seconds, "predict_ms": trial.predict_ms, "megabytes": trial.megabytes}
        metrics = {f"validation_{name}": value for name, value in trial.metrics.items()} | costs
        tracking.log({"family": trial.contender.name, **trial.hyperparameters}, metrics)
        # The project's own model is in the commit that the parent names.
        if trial.contender.text:
            text = source.script(trial.contender.text, config.problem_type, trial.hyperparameters, config.search.seed)
            mlflow.log_text(text, "model.py")


def _log_results(config: ProjectConfig, results: trials.Found, board: list[leaderboard.Line], run_id: str) -> None:
    kept: dict[str, Any] = leaderboard.as_json(board, config)
    mlflow.log_dict(kept, leaderboard.FILE)
    metrics = {f"holdout_{config.metric} of {line.model}": line.holdout for line in board}
    tracking.log(metrics=metrics, tags={f"failed {name}": error[:500] for name, error in results.failed.items()})
    best = files.winner(results)
    if best is not None:
        mlflow.log_text(files.model(best, run_id), files.MODEL)
        mlflow.log_text(files.search(best, run_id), files.SEARCH)
