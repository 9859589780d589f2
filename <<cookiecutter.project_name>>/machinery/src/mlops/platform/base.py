"""The protocol that hides the differences between Databricks and a local machine, and the platform in use."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..errors import ProjectError

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from pyspark.sql import DataFrame

    from ..config.features import FeatureTable
    from ..feature_store.base import FeatureStore
    from ..profiling.base import Profiler
    from ..tables import Tables
    from .parts import Part
    from .streaming import Sink, Streaming


class Platform(Protocol):
    """What a task needs from the platform that it runs on."""

    @property
    def stand_ins(self) -> frozenset[Part]:
        """The parts that are not Databricks' own: what they show says nothing about Databricks."""

    @property
    def tables(self) -> Tables:
        """The tables of the catalogs."""

    def feature_store(self, schema: str, feature_tables: Mapping[str, FeatureTable]) -> FeatureStore:
        """The feature store of a schema (two-level name) with these feature tables, by name."""

    def profiler(self, wait_minutes: float) -> Profiler:
        """The profiler of inference logs, which waits at most this long for a refresh."""

    def workspace(self) -> WorkspaceClient:
        """The client of the workspace.

        Raises:
            UnavailableError: This run has no workspace.
        """

    def serving(self) -> WorkspaceClient:
        """The client of the workspace that serves models.

        Raises:
            ProjectError: This run cannot serve models.
        """

    def served_entities(self, table: str) -> DataFrame:
        """Return the columns `served_entity_id` and `entity_version`: one row for each entity that was ever served.

        Args:
            table: Databricks' system table of served entities. Without it, or without the right to read it, there are
                no rows.
        """

    def job_minutes(self, jobs: Mapping[str, str]) -> Mapping[str, float | None]:
        """How many minutes the last finished run of each job took, by name, given their ids; None if unknown."""

    def require_task_values(self) -> str:
        """Return the class that sets task values.

        Raises:
            ProjectError: They would be lost.
        """

    def publish(self, key: str, value: str) -> None:
        """Set a task value of the running task.

        Raises:
            ProjectError: It would be lost.
        """

    def secret(self, scope: str, key: str) -> str:
        """Return a secret.

        Raises:
            ProjectError: It does not exist, or may not be read.
        """

    def volume(self, path: str) -> Path:
        """Return where files of a folder in a volume (`/Volumes/...`) can be read and written.

        Raises:
            UnavailableError: They cannot be reached from here.
        """

    def stream(self, table: str, sink: Sink, streaming: Streaming) -> None:
        """Give the new rows of a table to the sink in micro-batches, until none are left or for ever.

        A batch that was interrupted is repeated with the same number and the same rows.
        """


_current: ContextVar[Platform | None] = ContextVar("platform", default=None)


@contextmanager
def use(platform: Platform) -> Iterator[None]:
    """Run tasks on this platform inside the `with` block."""
    token = _current.set(platform)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Platform:
    """Return the platform set by `use`, or else Databricks if the code runs there.

    Raises:
        ProjectError: No platform is set, and the code does not run on Databricks.
    """
    platform = _current.get()
    if platform is not None:
        return platform
    if "DATABRICKS_RUNTIME_VERSION" not in os.environ:
        raise ProjectError("a task only runs on Databricks or in the local runner: start it with `make run JOB=<job>`.")
    from .databricks import DatabricksPlatform  # noqa: PLC0415 - imports only where a Databricks session exists

    return DatabricksPlatform.connect()
