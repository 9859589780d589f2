"""Train a model on point-in-time features and register it."""

from __future__ import annotations

import logging
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.data.delta_dataset_source import DeltaDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.models import infer_signature
from pydantic import Field

from ..config.load import ProjectConfig
from ..evaluation.metrics import evaluate, naive_baseline
from ..feature_store.base import FeatureStore, TrainingSet
from ..platform.base import Platform
from ..project import Project
from ..registry import NO_COMMIT, Registry, uri
from ..training import search, training_set
from ..training.requirements import model_requirements
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """Where to read and write, how many trials to run, and what to record on the version."""

    source_table: str
    schema_name: str
    model_name: str
    experiment_id: str
    training_table: str
    trials: int = Field(ge=1)
    owner: str
    git_commit: str = ""


class Values(task.Values):
    """The exact version that was trained, for the tasks that follow."""

    model_uri: str
    model_version: str
    run_id: str
    training_table: str


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Build the training set, search for the best model, log it and register it."""
    settings = project.config
    version = platform.tables.version(parameters.source_table)
    with mlflow.start_run(experiment_id=parameters.experiment_id, run_name="train") as mlflow_run:
        run_id = mlflow_run.info.run_id
        _log_origin(parameters, version)
        store = platform.feature_store(parameters.schema_name, settings.feature_tables)
        built = training_set.build(
            project, platform.tables.read(parameters.source_table), parameters.source_table, store
        )
        rows = _written(settings, parameters, platform, built, run_id)
        trained = search.train(project, rows, trials=parameters.trials, on_trial=_log_trial)
        _log_results(settings, trained, rows)
        logged = _log_model(project, store, built, trained, rows["validation"])
        model_version = Registry(parameters.model_name).register(logged)
    _describe(settings, parameters, model_version, version, rows)
    log.info("run %s registered version %s of %s", run_id, model_version, parameters.model_name)
    return Values(
        model_uri=uri(parameters.model_name, model_version),
        model_version=model_version,
        run_id=run_id,
        training_table=parameters.training_table,
    )


def _written(
    settings: ProjectConfig, parameters: Parameters, platform: Platform, built: TrainingSet, run_id: str
) -> dict[str, pd.DataFrame]:
    """Write the training set with this run's ID, so that later tasks use the same rows, and read it back."""
    training_set.write(platform.tables, parameters.training_table, built.rows, run_id, settings.split.keep_days)
    splits = training_set.SPLITS
    return {split: training_set.read(platform.tables, parameters.training_table, run_id, split) for split in splits}


def _log_origin(parameters: Parameters, source_version: str) -> None:
    source = DeltaDatasetSource(
        delta_table_name=parameters.source_table,
        delta_table_version=int(source_version) if source_version.isdigit() else None,
    )
    dataset = MetaDataset(source, name=parameters.source_table)  # type: ignore[abstract] # MLflow documents it
    mlflow.log_input(dataset, context="training")
    mlflow.log_params(
        {
            "source_table": parameters.source_table,
            "source_version": source_version,
            "training_table": parameters.training_table,
        }
    )
    mlflow.set_tag("git_commit", parameters.git_commit)


def _log_trial(number: int, hyperparameters: dict[str, Any], metrics: dict[str, float]) -> None:
    # Without an experiment ID, MLflow puts a nested run into the default experiment, not into its parent's.
    parent = mlflow.active_run()
    experiment_id = None if parent is None else parent.info.experiment_id
    with mlflow.start_run(experiment_id=experiment_id, run_name=f"trial-{number}", nested=True):
        mlflow.log_params(hyperparameters)
        mlflow.log_metrics({f"validation_{name}": value for name, value in metrics.items()})


def _log_results(settings: ProjectConfig, trained: search.Trained, rows: dict[str, pd.DataFrame]) -> None:
    mlflow.log_param("algorithm", type(trained.estimator[-1]).__name__)
    mlflow.log_params({**trained.hyperparameters, **{f"{split}_rows": len(frame) for split, frame in rows.items()}})
    constant = naive_baseline(rows["train"][settings.label].to_numpy())
    held_out = rows["holdout"][settings.label].to_numpy()
    baseline = evaluate(settings.problem_type, held_out, np.full(len(held_out), constant))
    mlflow.log_param("naive_baseline", constant)
    by_split = {**trained.metrics, "baseline_holdout": baseline}
    mlflow.log_metrics({f"{split}_{name}": value for split, found in by_split.items() for name, value in found.items()})


def _log_model(
    project: Project, store: FeatureStore, built: TrainingSet, trained: search.Trained, rows: pd.DataFrame
) -> str:
    """Log the model with its signature, input example and lookups; return its URI."""
    settings = project.config
    example = rows[list(dict.fromkeys([*settings.request, *settings.features]))].head(5)
    features = example[list(settings.features)]
    return store.log_model(
        trained.estimator,
        built,
        example,
        signature=infer_signature(features, getattr(trained.estimator, project.predict_method)(features)),
        pyfunc_predict_fn=project.predict_method,
        serialization_format="cloudpickle",
        pip_requirements=model_requirements(),
    )


def _describe(
    settings: ProjectConfig, parameters: Parameters, version: str, source_version: str, rows: dict[str, pd.DataFrame]
) -> None:
    """Record on the version its description, its owner, and the data and code that it was trained with."""
    registry = Registry(parameters.model_name)
    registry.describe(version, settings.description)
    times = pd.concat([frame[settings.spine.event_time] for frame in rows.values()])
    origin = {
        "owner": parameters.owner,
        "data_version": f"{parameters.source_table} {source_version}",
        "data_from": str(times.min()),
        "data_to": str(times.max()),
        "git_commit": parameters.git_commit or NO_COMMIT,
    }
    for key, value in origin.items():
        registry.tag(version, key, value)
