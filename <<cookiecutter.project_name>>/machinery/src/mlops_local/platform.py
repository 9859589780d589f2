"""The platform on a local machine: embedded Spark Connect engine, Delta tables in a folder, task values in memory."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pyspark.sql import DataFrame, SparkSession

from mlops.config.features import FeatureTable
from mlops.errors import ProjectError
from mlops.platform.parts import PARTS, Part, UnavailableError
from mlops.platform.served_entities import ENTITIES, entities_of
from mlops.platform.streaming import Sink, Streaming
from mlops.platform.utilities import class_name
from mlops.tables import Tables, frame_of

from .delta_log_stream import DeltaLogStream
from .feature_store.feature_store import LocalFeatureStore
from .profiling.profiles import LocalProfiler

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


class Gateway(Protocol):
    """A process on this machine that speaks the REST interface of Databricks' serving endpoints."""

    def client(self) -> WorkspaceClient:
        """Return a client of the process, which is started if it does not run."""

    def served_entities(self) -> Sequence[tuple[str, str]]:
        """Return the id and the model version of each entity that was ever served."""


@dataclass(frozen=True)
class LocalPlatform:
    """Runs tasks on one machine.

    Attributes:
        spark: A session of the embedded engine.
        folder: The folder of the tables: a table is stored at `folder/catalog/schema/table`.
        task_values: The task values that were published since this was last cleared.
        minutes: How many minutes the last run of each job took, by its key, if this process has run it.
        notes: What a local run does differently, for the runner to show.
        gateway: What serves models; None if this run serves none.
    """

    spark: SparkSession
    folder: Path
    task_values: dict[str, str] = field(default_factory=dict)
    minutes: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    gateway: Gateway | None = None

    @cached_property
    def tables(self) -> Tables:
        """The tables of the folder."""
        return Tables(self.spark, locate=lambda name: str(self._path(name)), version_of=self._table_version)

    def feature_store(self, schema: str, feature_tables: Mapping[str, FeatureTable]) -> LocalFeatureStore:
        """The feature store of a schema (two-level name) with these feature tables, by name."""
        return LocalFeatureStore(self.tables, schema, feature_tables, self.folder)

    def profiler(self, wait_minutes: float) -> LocalProfiler:  # noqa: ARG002 - a local refresh never waits
        """The profiler of inference logs."""
        return LocalProfiler(self.tables)

    @property
    def stand_ins(self) -> frozenset[Part]:
        """All parts."""
        return PARTS

    def workspace(self) -> WorkspaceClient:
        """Refuse, because a local run has no workspace.

        Raises:
            UnavailableError: Always.
        """
        raise UnavailableError("a local run has no workspace")

    def serving(self) -> WorkspaceClient:
        """The client of the local gateway, which is started if it does not run.

        Raises:
            ProjectError: There is no gateway, or it does not start.
        """
        if self.gateway is None:
            raise ProjectError("this run cannot serve models: start it with `make run JOB=<job>`.")
        return self.gateway.client()

    def served_entities(self, table: str) -> DataFrame:
        """Return the version of each served entity: those of the table, if it exists, and of the gateway."""
        rows = list(self.gateway.served_entities()) if self.gateway is not None else []
        return entities_of(self.tables, table).unionByName(frame_of(self.spark, rows, ENTITIES))

    def job_minutes(self, jobs: Mapping[str, str]) -> dict[str, float | None]:
        """How many minutes the last run of each job took, by name, if this process has run it."""
        return {name: self.minutes.get(key) for name, key in jobs.items() if key in self.minutes}

    def require_task_values(self) -> str:
        """Return the class that sets task values."""
        return class_name(self)

    def publish(self, key: str, value: str) -> None:
        """Keep a task value for the runner."""
        self.task_values[key] = value

    def secret(self, scope: str, key: str) -> str:
        """Return a secret from the environment: SECRET_<scope>_<key> in capitals, with _ for all other characters.

        Raises:
            ProjectError: There is no such variable.
        """
        name = re.sub(r"\W", "_", f"SECRET_{scope}_{key}").upper()
        if name not in os.environ:
            raise ProjectError(
                f"the secret {key} of the scope {scope} is not set: a local run takes it from the environment variable "
                f"{name}."
            )
        return os.environ[name]

    def volume(self, path: str) -> Path:
        """Return the folder that stands for one in a volume, next to the tables."""
        return self.folder.parent / "volumes" / path.removeprefix("/Volumes/")

    def stream(self, table: str, sink: Sink, streaming: Streaming) -> None:
        """Give the new rows of a table to the sink in micro-batches: the files that its Delta log names.

        This is what a stream that stops when no rows are left (available now) does, without the engine's support.
        """
        self.notes.append(
            f"a local run does not stream: the new files in the Delta log of {table} are its micro-batches, and it "
            "stops after them (available now)"
        )
        log_stream = DeltaLogStream(self.spark, self._path(table), self.volume(streaming.checkpoint))
        for batch, rows in log_stream.batches():
            sink(rows, batch, self)

    def _path(self, name: str) -> Path:
        return self.folder.joinpath(*name.split("."))

    def _table_version(self, name: str) -> str:
        """Return the number in the name of the newest file of the Delta log (Delta protocol, Delta log entries)."""
        return str(max(int(commit.stem) for commit in (self._path(name) / "_delta_log").glob("*.json")))
