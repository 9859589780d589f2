"""Gives your tests the fixture `spark`: a session of the local engine (ENGINE=spark for Apache Spark)."""

from bundle_tools import pytest_fixtures

one_thread, spark = pytest_fixtures.one_thread, pytest_fixtures.spark
