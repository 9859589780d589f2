"""Runs tasks on this machine against the development workspace: Spark through Databricks Connect on serverless compute.

Source: https://docs.databricks.com/dev-tools/databricks-connect/python (serverless compute, profiles).
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.errors.base import DatabricksError
from pyspark.sql import SparkSession

from mlops.errors import ProjectError, first_line
from mlops.platform.databricks import DatabricksPlatform
from mlops.platform.parts import Part, UnavailableError
from mlops.platform.utilities import class_name

from ..bundle.load import Bundle, load
from .workspace import own_schema

_PROFILE = "DATABRICKS_CONFIG_PROFILE"  # read by every client of Databricks, MLflow's too


@dataclass(frozen=True)
class ConnectedPlatform(DatabricksPlatform):
    """The platform of a task that runs on this machine, with the tables, models and Spark of a workspace.

    Attributes:
        task_values: The task values that were published since this was last cleared.
        minutes: How many minutes the last run of each job took, by its key, if this process has run it.
        notes: What such a run does differently, for the runner to show.
    """

    task_values: dict[str, str] = field(default_factory=dict)
    minutes: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def require_task_values(self) -> str:
        """Return the class that sets task values."""
        return class_name(self)

    def publish(self, key: str, value: str) -> None:
        """Keep a task value for the runner."""
        self.task_values[key] = value

    @property
    def stand_ins(self) -> frozenset[Part]:
        """What is on this machine."""
        return frozenset({"utilities", "interpreter", "job"})

    def volume(self, path: str) -> Path:
        """Refuse, because this machine has no folder for a volume.

        Raises:
            UnavailableError: Always.
        """
        raise UnavailableError(
            f"files of {path} cannot be reached from this machine: deploy the bundle and run the job in the workspace."
        )


def client(profile: str, bundle: Bundle) -> WorkspaceClient:
    """Return a client of the development workspace.

    Args:
        profile: The profile of `databricks auth login`; empty for the login of the environment.
        bundle: The bundle, loaded for the target.

    Raises:
        ProjectError: The target is not a development one, or the profile is that of another workspace, or unknown.
    """
    if bundle.mode != "development":
        raise ProjectError(
            f"ON=databricks runs code that is not deployed, which the target {bundle.target} does not allow: use the "
            "target dev, or deploy and run the job there."
        )
    host = str(bundle.config["workspace"]["host"])
    try:
        workspace = WorkspaceClient(profile=profile) if profile else WorkspaceClient(host=host)
    except ValueError as error:
        reason = first_line(error).partition(". Config: ")[0]
        raise ProjectError(f"cannot log in to {host}: {reason}: run databricks auth login --host {host}.") from None
    if workspace.config.host.rstrip("/") != host.rstrip("/"):
        raise ProjectError(
            f"the profile {profile} is of {workspace.config.host}, but the target {bundle.target} is in {host}: choose "
            "another profile."
        )
    return workspace


def deployed_bundle(root: Path, bundle: Bundle, workspace: WorkspaceClient, variables: Mapping[str, str]) -> Bundle:
    """Return the bundle as it is deployed under the name of who is logged in, with the ids of its resources.

    Raises:
        ProjectError: The bundle is not deployed, or the workspace refuses.
    """
    try:
        user = str(workspace.current_user.me().user_name)
        deployed = load(root, bundle.target, variables=variables, user=user)
        workspace.schemas.get(own_schema(deployed))
        ids = {
            f"experiments.{key}": _experiment(workspace, resource)
            for key, resource in _resources(deployed, "experiments")
        }
        for key, job in deployed.jobs.items():
            listed = list(workspace.jobs.list(name=str(job["name"])))
            ids[f"jobs.{key}"] = str(listed[0].job_id) if listed else key
    except NotFound as error:
        raise ProjectError(
            f"the bundle is not deployed to {bundle.target} under your name ({first_line(error)}): run "
            f"make deploy TARGET={bundle.target} first."
        ) from None
    except DatabricksError as error:
        raise ProjectError(f"the workspace refuses: {first_line(error)}") from None
    return deployed.with_ids(ids)


@contextmanager
def connect(profile: str, workspace: WorkspaceClient) -> Iterator[ConnectedPlatform]:
    """Connect to serverless compute of the workspace; MLflow tracks runs and registers models there.

    Raises:
        ProjectError: Databricks Connect is not installed, or cannot connect.
    """
    if importlib.util.find_spec("databricks.connect") is None:
        raise ProjectError(
            "ON=databricks needs Databricks Connect in its own environment: run make setup ON=databricks."
        )
    if profile:
        os.environ[_PROFILE] = profile
    mlflow.set_tracking_uri("databricks")
    mlflow.set_registry_uri("databricks-uc")
    spark = _session(profile, str(workspace.config.host))
    try:
        yield ConnectedPlatform(spark, workspace.dbutils)
    finally:
        spark.stop()


def _session(profile: str, host: str) -> SparkSession:
    from databricks.connect import DatabricksSession  # noqa: PLC0415 - exists only in that environment

    # Serverless compute wins over a cluster that the profile names.
    builder = DatabricksSession.builder.serverless()
    try:
        spark: SparkSession = (builder.profile(profile) if profile else builder.host(host)).getOrCreate()
        spark.conf.set("spark.sql.session.timeZone", "UTC")
    except Exception as error:  # noqa: BLE001 - the client raises errors of gRPC, of Spark and its own
        raise ProjectError(f"cannot connect to serverless compute of {host}: {first_line(error)}") from None
    return spark


def _experiment(workspace: WorkspaceClient, resource: Mapping[str, Any]) -> str:
    experiment = workspace.experiments.get_by_name(str(resource["name"])).experiment
    return str(experiment.experiment_id) if experiment is not None else ""


def _resources(bundle: Bundle, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
    return list((bundle.config.get("resources", {}).get(kind) or {}).items())
