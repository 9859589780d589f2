"""The platform on a local machine: embedded Spark Connect engine, Delta tables in a folder, task values in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pyspark.sql import SparkSession

from ..config.features import FeatureTable
from ..feature_store.local import LocalFeatureStore
from ..profiling.local import LocalProfiler
from ..tables import Tables


@dataclass(frozen=True)
class LocalPlatform:
    """Runs tasks on one machine.

    Attributes:
        spark: A session of the embedded engine.
        folder: The folder of the tables: a table is stored at `folder/catalog/schema/table`.
        task_values: The task values that were published since this was last cleared.
        minutes: How many minutes the last run of each job took, by its key, if this process has run it.
    """

    spark: SparkSession
    folder: Path
    task_values: dict[str, str] = field(default_factory=dict)
    minutes: dict[str, float] = field(default_factory=dict)

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

    def job_minutes(self, jobs: Mapping[str, str]) -> dict[str, float | None]:
        """How many minutes the last run of each job took, by name, if this process has run it."""
        return {name: self.minutes.get(key) for name, key in jobs.items() if key in self.minutes}

    def publish(self, key: str, value: str) -> None:
        """Keep a task value for the runner."""
        self.task_values[key] = value

    def _path(self, name: str) -> Path:
        return self.folder.joinpath(*name.split("."))

    def _table_version(self, name: str) -> str:
        """Return the number in the name of the newest file of the Delta log (Delta protocol, Delta log entries)."""
        return str(max(int(commit.stem) for commit in (self._path(name) / "_delta_log").glob("*.json")))
