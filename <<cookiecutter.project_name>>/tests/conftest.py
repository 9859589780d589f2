"""Shared fixtures: an engine, and the tables of a small lifecycle."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from types import ModuleType
from uuid import uuid4

import pytest
from pyspark.sql import SparkSession
from sklearn import ensemble  # noqa: F401 - loads OpenMP, which can only be limited once it is loaded
from threadpoolctl import threadpool_limits

from bundle_tools.workspace import engine
from mlops.features.sources import Sources
from mlops.platform.base import use
from mlops.platform.local import LocalPlatform
from mlops.tasks import compute_features
from mlops.tasks.task import Task

import example
from example import synthetic

Runner = Callable[..., dict[str, str]]


def pytest_unconfigure() -> None:
    """Do not look for garbage among all objects once more when the process ends, which takes a second."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Fit the small models of tests on one thread, which takes a tenth of the time on a busy machine."""
    with threadpool_limits(1, user_api="openmp"):
        yield


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    with engine.start(os.environ.get("ENGINE", "sail"), ["dev", "samples"]) as session:
        yield session


@pytest.fixture(scope="session")
def platform(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> LocalPlatform:
    return LocalPlatform(spark, tmp_path_factory.mktemp("tables"))


@pytest.fixture
def schema(spark: SparkSession) -> str:
    return new_schema(spark)


@pytest.fixture(scope="session")
def run_task(platform: LocalPlatform) -> Runner:
    """Run an entry point as the local runner does; return its task values."""

    def run(module: ModuleType, **parameters: object) -> dict[str, str]:
        platform.task_values.clear()
        with use(platform):
            Task(module.run, example.PROJECT)([f"--{name}={value}" for name, value in parameters.items()])
        return dict(platform.task_values)

    return run


@pytest.fixture(scope="session")
def trips(platform: LocalPlatform) -> str:
    """The name of a source table with a few hundred rows of example data."""
    name = f"{new_schema(platform.spark)}.trips"
    platform.tables.overwrite(name, platform.spark.createDataFrame(synthetic.example_data(rows=900)))
    return name


@pytest.fixture(scope="session")
def features_schema(trips: str, run_task: Runner) -> str:
    """The schema that has the feature tables of the trips."""
    schema = trips.rsplit(".", maxsplit=1)[0]
    run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema)
    return schema


def trips_of(platform: LocalPlatform, table: str) -> Sources:
    """Return the sources of the example with this table."""
    return Sources(platform.tables, {"trips": table})


def new_schema(spark: SparkSession) -> str:
    """Create an empty schema and return its two-level name."""
    name = f"dev.t{uuid4().hex[:8]}"
    spark.sql(f"CREATE SCHEMA {name}").collect()
    return name
