"""A gateway with three tiny models: one adds its inputs, one doubles the sum, and one cannot be loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.serving import (
    EndpointCoreConfigInput,
    Route,
    ServedEntityInput,
    TrafficConfig,
)

from bundle_tools.serving import running
from bundle_tools.serving.local_gateway import LocalGateway
from bundle_tools.workspace.workspace import Workspace

MODEL = "dev.s.sums"
CODE = """
import mlflow
import pandas as pd
class Sum(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        assert {factor}, "this version has no factor"
    def predict(self, context, model_input: pd.DataFrame, params=None):
        assert (model_input["x"] < 100).all(), "x is too large"
        return [float(row) * {factor} for row in model_input["x"] + model_input["y"]]
mlflow.models.set_model(Sum())
"""
ROWS = [{"x": 1.0, "y": 2.0}]


@dataclass(frozen=True)
class Served:
    """A gateway and a client of it."""

    gateway: LocalGateway
    client: WorkspaceClient

    @property
    def folder(self) -> Path:
        return self.gateway.folder


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """An MLflow database with versions 1 (adds), 2 (doubles) and 3 (cannot be loaded) of a model."""
    found = Workspace(tmp_path_factory.mktemp("served"))
    found.open_mlflow()
    where = (found.folder / "artifacts").as_uri()
    experiment_id = mlflow.create_experiment("served", artifact_location=where)
    for factor in (1, 2, 0):
        code = found.folder / f"times_{factor}.py"
        code.write_text(CODE.format(factor=factor), encoding="utf-8")
        with mlflow.start_run(experiment_id=experiment_id):
            mlflow.pyfunc.log_model(
                name="model", python_model=str(code), pip_requirements=["mlflow"], registered_model_name=MODEL
            )
    return found


@pytest.fixture(scope="module")
def served(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    gateway = LocalGateway(tmp_path_factory.mktemp("serving"), workspace.tables, workspace.tracking_uri)
    yield Served(gateway, gateway.client())
    running.stop(gateway.folder)


def config(**shares: int) -> EndpointCoreConfigInput:
    """Return the configuration with an entity `v<version>` for each version, with its share of the traffic."""
    entities = [
        ServedEntityInput(name=name, entity_name=MODEL, entity_version=name[1:], workload_size="Small")
        for name in shares
    ]
    routes = [Route(served_entity_name=name, traffic_percentage=share) for name, share in shares.items()]
    return EndpointCoreConfigInput(name="x", served_entities=entities, traffic_config=TrafficConfig(routes=routes))
