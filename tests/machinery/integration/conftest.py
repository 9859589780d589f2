"""Fixtures for tests with the model registry: an MLflow database and a trained model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from uuid import uuid4

import mlflow
import pytest
from mlflow import MlflowClient

from bundle_tools.workspace.workspace import Workspace
from mlops.config.load import ProjectConfig
from mlops.config.validation import Bound, Latency
from mlops.registry import Registry, uri
from mlops.tasks import train
from mlops.training import training_set
from mlops.validation import proof, report, run_checks, structure
from mlops.validation.check import Check
from mlops_local.platform import LocalPlatform

import example
from running import MLFLOW, Runner

SETTINGS = example.PROJECT.config


@pytest.fixture(scope="session")
def experiment_id(tmp_path_factory: pytest.TempPathFactory) -> str:
    workspace = Workspace(tmp_path_factory.mktemp("mlflow"))
    workspace.open_mlflow()
    MLFLOW.append(workspace)
    return mlflow.create_experiment("tests", artifact_location=(workspace.folder / "artifacts").as_uri())


@pytest.fixture(scope="session")
def training_run(trips: str, features_schema: str, experiment_id: str, run_task: Runner) -> dict[str, str]:
    """The name of a model and the task values of the training that registered its first version."""
    model = f"{features_schema}.trained_once"
    values = run_task(
        train,
        source_tables=f"trips={trips}",
        schema_name=features_schema,
        model_name=model,
        experiment_id=experiment_id,
        training_table=f"{features_schema}.training_rows",
        trials=1,
        owner="us",
        git_commit="abc123",
    )
    # Tests validate this run again, also with errors, which MLflow then notes as its status.
    assert mlflow.get_run(values["run_id"]).info.status == "FINISHED"
    return {"model_name": model} | values


def lenient(**changes: object) -> ProjectConfig:
    """Return the project's configuration with gates that the small test model passes, and with these changes."""
    wide = Bound(min=-1e9, max=1e9)
    validation = SETTINGS.validation.model_copy(
        update={
            "metrics": {SETTINGS.metric: wide},
            "slices": {},
            "predictions": wide,
            "latency": Latency(row_ms=60_000, batch_ms=60_000),
            "custom": dict.fromkeys(SETTINGS.validation.custom, wide),
            **changes,
        }
    )
    return SETTINGS.model_copy(update={"validation": validation})


@pytest.fixture
def lenient_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tasks use the lenient configuration, and leave out the check that starts a process."""
    settings = lenient()
    example.change(monkeypatch, config=settings)
    quick = tuple(look for look in run_checks.CHECKS if look is not structure.fresh_process)
    monkeypatch.setattr(run_checks, "CHECKS", quick)


def prove(parameters: Mapping[str, str], platform: LocalPlatform) -> None:
    """Let a version have passed validation with one check, by the present gates."""
    registry = Registry(parameters["model_name"])
    with mlflow.start_run(run_id=parameters["run_id"]):
        mlflow.log_dict([asdict(Check("a check", passed=True, reason="it is fine"))], report.FILE)  # type: ignore[arg-type] # any JSON
    rows = training_set.read(platform.tables, parameters["training_table"], parameters["run_id"], "holdout")
    proof.record(registry, registry.version(parameters["model_version"]), example.PROJECT, proof.rows_digest(rows))
    registry.set_status(parameters["model_version"], "PASSED")


@pytest.fixture
def trained(training_run: dict[str, str]) -> dict[str, str]:
    """The parameters of validate and deploy for the newly trained first version of a separate model."""
    client = MlflowClient()
    model = f"{training_run['model_name']}_{uuid4().hex[:8]}"
    client.create_registered_model(model)
    version = client.create_model_version(model, training_run["model_uri"], run_id=training_run["run_id"]).version
    registry = Registry(model)
    registry.describe(str(version), "A test.")
    for tag in SETTINGS.validation.required_tags:
        registry.tag(str(version), tag, "given")
    return training_run | {"model_name": model, "model_version": str(version), "model_uri": uri(model, str(version))}
