"""Shared fixtures: an engine, and the tables of a small lifecycle."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import ModuleType

import hypothesis
import pytest
from pyspark.sql import SparkSession

from bundle_tools import pytest_fixtures
from mlops.platform.base import use
from mlops.tasks import compute_features
from mlops.tasks.task import Task
from mlops_local.platform import LocalPlatform

import example
from example import synthetic
from running import MLFLOW, Runner, new_schema

# A busy machine is slow, which says nothing about what is tested.
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")

one_thread, spark = pytest_fixtures.one_thread, pytest_fixtures.spark


# The files that take longest, in order: the others fill up the time of the other processes.
LONGEST = (
    "integration/test_lifecycle.py",
    "integration/validation/test_run_checks.py",
    "integration/monitoring/test_life.py",
    "integration/test_multiclass.py",
    "integration/tasks/",
    "integration/",
    "bundle_tools/serving/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""

    def place(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next((place for place, part in enumerate(LONGEST) if f"tests/machinery/{part}" in path), len(LONGEST))

    items.sort(key=place)


def pytest_unconfigure() -> None:
    """Do not look for garbage among all objects once more when the process ends, which takes a second."""
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def shared_mlflow() -> Iterator[None]:
    """Point MLflow at the shared runs and models again, after the tests of a module that have others."""
    yield
    for workspace in MLFLOW:
        workspace.open_mlflow()


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
