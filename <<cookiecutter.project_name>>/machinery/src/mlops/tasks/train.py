"""Train a model on point-in-time features and register it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import mlflow
import pandas as pd
from mlflow.data.delta_dataset_source import DeltaDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.models import ModelSignature, infer_signature
from pydantic import Field

from .. import tracking
from ..config.load import ProjectConfig
from ..feature_store.base import FeatureStore, TrainingSet
from ..loading import as_declared
from ..machinery_version import version as machinery_version
from ..model_card import publish as model_card
from ..platform.base import Platform
from ..preflight import check as preflight
from ..project import Project
from ..registry import MACHINERY_TAG, NO_COMMIT, Registry, uri
from ..sources.sources import Sources
from ..training import model_inputs, run_record, search, training_set
from ..training.memory import require_memory
from ..training.model_code import collect_code, pack_by_value
from ..validation.origin import SOURCE_TABLES, SOURCE_VERSION
from . import task

log = logging.getLogger(__name__)

REASON_TAG = "training_reason"
NO_REASON = "started by hand"


class Parameters(task.Parameters):
    """Where to read and write, how many trials to run, and what to record on the version, such as the reason."""

    source_tables: str
    schema_name: str
    model_name: str
    experiment_id: str
    training_table: str
    trials: int = Field(ge=1)
    owner: str
    git_commit: str = ""
    reason: str = ""


class Values(task.Values):
    """The exact version that was trained, for the tasks that follow."""

    model_uri: str
    model_version: str
    run_id: str
    training_table: str


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Build the training set, search for the best model, log it and register it."""
    preflight.require(project, platform.tables, parameters.schema_name)
    settings = project.config
    sources = Sources.of(parameters.source_tables, settings.sources, platform.tables)
    versions = {name: sources.version(name) for name in sources.names}
    with mlflow.start_run(experiment_id=parameters.experiment_id, run_name="train") as mlflow_run:
        run_id = mlflow_run.info.run_id
        _log_origin(parameters, sources, versions)
        store = platform.feature_store(parameters.schema_name, settings.feature_tables)
        built = training_set.build(project, sources, store)
        rows = _write_training_rows(settings, parameters, platform, built, run_id)
        trained = search.train(project, rows, trials=parameters.trials, on_trial=run_record.log_trial)
        run_record.log_rows(settings, rows)
        logged = _log_model(project, store, built, trained, rows["validation"])
        run_record.log_results(settings, trained, rows, logged)
        registry = Registry(parameters.model_name)
        tags = _origin_tags(settings, parameters, _data_version(sources, versions), rows, run_id)
        model_version = registry.register(logged, tags)
    registry.describe(model_version, settings.description)
    log.info("run %s registered version %s of %s", run_id, model_version, parameters.model_name)
    return Values(
        model_uri=uri(parameters.model_name, model_version),
        model_version=model_version,
        run_id=run_id,
        training_table=parameters.training_table,
    )


def _write_training_rows(
    settings: ProjectConfig, parameters: Parameters, platform: Platform, built: TrainingSet, run_id: str
) -> dict[str, pd.DataFrame]:
    """Write the training set with this run's ID, so that later tasks use the same rows, and read it back.

    Raises:
        ProjectError: The rows do not fit into memory; nothing is written.
    """
    if built.size is not None:
        require_memory(built.size, built.columns, settings.training.memory_gb, "the training set")
    training_set.write(platform.tables, parameters.training_table, built.rows, run_id, settings.split.keep_days)
    return training_set.read_splits(platform.tables, parameters.training_table, run_id)


def _log_origin(parameters: Parameters, sources: Sources, versions: Mapping[str, str]) -> None:
    """Record on the run which version of which table each source was read from."""
    for name, table in sources.names.items():
        version = versions[name]
        source = DeltaDatasetSource(
            delta_table_name=table, delta_table_version=int(version) if version.isdigit() else None
        )
        dataset = MetaDataset(source, name=table)  # type: ignore[abstract] # MLflow documents it
        mlflow.log_input(dataset, context="training")
    tracking.log(
        {
            SOURCE_TABLES: str(sources),
            SOURCE_VERSION: " ".join(versions.values()),
            "training_table": parameters.training_table,
        },
        tags={"git_commit": parameters.git_commit, REASON_TAG: parameters.reason or NO_REASON},
    )


def _log_model(
    project: Project, store: FeatureStore, built: TrainingSet, trained: search.Trained, rows: pd.DataFrame
) -> str:
    """Log the model with its signature, input example, lookups and the code that it needs; return its URI."""
    settings = project.config
    example = rows[list(dict.fromkeys([*settings.request, *settings.features]))].head(5)
    features = example[list(settings.features)]
    predicted = infer_signature(features, getattr(trained.estimator, project.predict_method)(features))
    signature = ModelSignature(model_inputs.signature(built.types), predicted.outputs)
    with pack_by_value(model_inputs), collect_code(trained.estimator, project.packages) as code:
        return store.log_model(
            trained.estimator,
            built,
            as_declared(example, signature),
            signature=signature,
            pyfunc_predict_fn=project.predict_method,
            serialization_format="cloudpickle",
            pip_requirements=code.requirements,
            code_paths=code.paths or None,
        )


def _data_version(sources: Sources, versions: Mapping[str, str]) -> str:
    return ", ".join(f"{table} {versions[name]}" for name, table in sources.names.items())


def _origin_tags(
    settings: ProjectConfig, parameters: Parameters, data_version: str, rows: dict[str, pd.DataFrame], run_id: str
) -> dict[str, str]:
    """Return the tags of the version: its owner, the data, code and machinery that made it, and where its card is."""
    times = pd.concat([frame[settings.spine.event_time] for frame in rows.values()])
    return {
        "owner": parameters.owner,
        "data_version": data_version,
        "data_from": str(times.min()),
        "data_to": str(times.max()),
        "git_commit": parameters.git_commit or NO_COMMIT,
        MACHINERY_TAG: machinery_version(),
        REASON_TAG: parameters.reason or NO_REASON,
        model_card.TAG: model_card.location(run_id),
    }
