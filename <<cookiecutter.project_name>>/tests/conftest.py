"""Gives your tests the fixture `spark`: a session of the local engine (ENGINE=spark for Apache Spark)."""

from bundle_tools.pytest_fixtures import one_thread, spark  # noqa: F401 - pytest finds fixtures by their names
