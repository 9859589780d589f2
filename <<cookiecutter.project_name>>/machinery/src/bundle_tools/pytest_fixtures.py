"""Fixtures for the tests of a project, whose `conftest.py` takes them from here."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession
from sklearn import ensemble  # noqa: F401 - loads OpenMP, which can only be limited once it is loaded
from threadpoolctl import threadpool_limits

from .workspace import engine


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Fit the small models of tests on one thread, which takes a tenth of the time on a busy machine."""
    with threadpool_limits(1, user_api="openmp"):
        yield


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A session of the local engine, or of Apache Spark with ENGINE=spark."""
    with engine.start(os.environ.get("ENGINE", "sail"), ["dev", "samples"]) as session:
        yield session
