"""What differs between Databricks and a laptop, behind a few small protocols."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from ..errors import ProjectError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from ..config import FeatureTable, Lookup
    from ..tables import Tables


class FeatureStore(Protocol):
    """Feature tables, point-in-time lookups, and scoring with looked-up features."""

    def write_table(self, name: str, frame: DataFrame, table: FeatureTable) -> None:
        """Insert and update feature rows by keys and event time; create the table if there is none."""

    def training_set(self, spine: DataFrame, event_time: str, lookups: Sequence[Lookup]) -> DataFrame:
        """Return the spine with the looked-up features: no row more or less, null where nothing is found."""

    def score_batch(self, model_uri: str, frame: DataFrame, features: Sequence[str], result_type: str) -> DataFrame:
        """Return the frame with a column `prediction`, of the given Spark type, computed on Spark's workers."""


class Platform(Protocol):
    """What a task needs from where it runs."""

    @property
    def tables(self) -> Tables:
        """The tables of the catalogs."""

    def feature_store(self, schema: str) -> FeatureStore:
        """The feature tables of a schema (two-level name)."""

    def publish(self, key: str, value: str) -> None:
        """Set a task value of the running task."""


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
    """Return the platform in use: the one of `use`, else Databricks where the code runs there.

    Raises:
        ProjectError: Neither.
    """
    platform = _current.get()
    if platform is not None:
        return platform
    if "DATABRICKS_RUNTIME_VERSION" not in os.environ:
        raise ProjectError("a task runs on Databricks or in the local runner: start it with `make run JOB=<job>`.")
    from .databricks import DatabricksPlatform  # noqa: PLC0415 - only importable with a session on Databricks

    return DatabricksPlatform.connect()
