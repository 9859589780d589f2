"""The platform on Databricks: a cluster or serverless compute."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import mlflow
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from ..config.features import FeatureTable
from ..errors import ProjectError
from ..feature_store.databricks import DatabricksFeatureStore
from ..profiling.databricks import DatabricksProfiler
from ..tables import Tables, quote
from .parts import Part
from .served_entities import entities_of
from .streaming import Sink, Streaming
from .structured_streaming import InItsProcess, stream
from .utilities import find_utilities, require_task_values

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DatabricksPlatform:
    """Runs tasks with Databricks' own Spark session, Unity Catalog and dbutils.

    Attributes:
        spark: The Spark session of the job's compute.
        dbutils: The Databricks utilities of the running job; None where no task runs.
    """

    spark: SparkSession
    dbutils: Any

    @classmethod
    def connect(cls) -> Self:
        """Connect to the Spark session and the utilities of the running job."""
        # Said, not assumed: where nothing says it, MLflow keeps runs in a database on the disk of the compute.
        mlflow.set_tracking_uri("databricks")
        mlflow.set_registry_uri("databricks-uc")
        spark = SparkSession.builder.getOrCreate()
        # Hours and weekdays are features, so they must not depend on the time zone of the compute.
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        return cls(spark, find_utilities(spark))

    @cached_property
    def tables(self) -> Tables:
        """The tables of Unity Catalog."""
        return Tables(self.spark, locate=None, version_of=self._table_version)

    def feature_store(self, schema: str, feature_tables: Mapping[str, FeatureTable]) -> DatabricksFeatureStore:
        """The feature store of a schema (two-level name) with these feature tables, by name."""
        return DatabricksFeatureStore(self.tables, schema, feature_tables)

    def profiler(self, wait_minutes: float) -> DatabricksProfiler:
        """The profiler of inference logs, which waits at most this long for a refresh."""
        return DatabricksProfiler(self.tables, wait_minutes)

    @property
    def stand_ins(self) -> frozenset[Part]:
        """None: every part is Databricks' own."""
        return frozenset()

    def workspace(self) -> WorkspaceClient:
        """The client of the workspace that the job runs in."""
        return WorkspaceClient()

    def serving(self) -> WorkspaceClient:
        """The client of the workspace that the job runs in."""
        return WorkspaceClient()

    def served_entities(self, table: str) -> DataFrame:
        """Return the version of each served entity; none if the system table is not there or may not be read."""
        return entities_of(self.tables, table)

    def job_minutes(self, jobs: Mapping[str, str]) -> dict[str, float | None]:
        """How many minutes the last finished run of each job took, by name, given their ids; None if unknown."""
        client = WorkspaceClient()
        return {name: _last_minutes(client, job_id) for name, job_id in jobs.items()}

    def require_task_values(self) -> str:
        """Return the class that sets task values.

        Raises:
            ProjectError: They would be lost.
        """
        return require_task_values(self.dbutils)

    def publish(self, key: str, value: str) -> None:
        """Set a task value of the running task.

        Raises:
            ProjectError: It would be lost.
        """
        require_task_values(self.dbutils)
        self.dbutils.jobs.taskValues.set(key=key, value=value)

    def secret(self, scope: str, key: str) -> str:
        """Return a secret of the workspace.

        Raises:
            ProjectError: It does not exist, or may not be read.
        """
        try:
            value: str = self.dbutils.secrets.get(scope, key)
        except Exception as error:  # noqa: BLE001 - dbutils differs by runtime, and so do its errors
            raise ProjectError(
                f"the secret {key} of the scope {scope} cannot be read ({type(error).__name__}): create it with "
                f"`databricks secrets put-secret {scope} {key}`, and let the identity of the job read the scope."
            ) from None
        return value

    def volume(self, path: str) -> Path:
        """Return where files of a folder in a volume can be read and written: volumes are mounted under their names."""
        return Path(path)

    def stream(self, table: str, sink: Sink, streaming: Streaming) -> None:
        """Give the new rows of a table to the sink in micro-batches, with Structured Streaming.

        Raises:
            ProjectError: The schema of the table changed meanwhile, or the compute cannot run for ever.
        """
        process = InItsProcess(sink, type(self), mlflow.get_tracking_uri(), mlflow.get_registry_uri())
        stream(self.spark, table, process, streaming, self.volume(streaming.checkpoint))

    def _table_version(self, name: str) -> str:
        try:
            row = self.spark.sql(f"DESCRIBE HISTORY {quote(name)} LIMIT 1").first()
        except PySparkException as error:
            # Views, and tables that are shared without their history, have no version to record.
            log.warning("table %s has no readable history: %s", name, error.getCondition())
            return "unversioned"
        return str(row["version"]) if row is not None else "unversioned"


def _last_minutes(client: WorkspaceClient, job_id: str) -> float | None:
    try:
        run = next(iter(client.jobs.list_runs(job_id=int(job_id), completed_only=True, limit=1)), None)
    except DatabricksError as error:
        log.warning("the runs of job %s cannot be read: %s", job_id, error)
        return None
    if run is None or not run.end_time or not run.start_time:
        return None
    return (run.end_time - run.start_time) / 60_000
