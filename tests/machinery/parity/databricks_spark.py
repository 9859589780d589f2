"""Apache Spark over Spark Connect, with those SQL extensions of Databricks that the feature client needs."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from bundle_tools.workspace.spark_engine import apache_spark

from parity import delta_table
from parity.python_functions import FunctionNames, PythonFunctions
from parity.unity_catalog import FakeUnityCatalog

_NAME = r"((?:`[^`]+`|\w+)(?:\.(?:`[^`]+`|\w+))*)"
_CATALOG = re.compile(rf"\s*DESCRIBE\s+CATALOG\s+{_NAME}\s*", re.IGNORECASE)
_KEY = re.compile(
    rf"\s*ALTER\s+TABLE\s+{_NAME}\s+ADD\s+CONSTRAINT\s+{_NAME}\s+PRIMARY\s+KEY\s*\(([^)]*)\)\s*", re.IGNORECASE
)
_FUNCTION = re.compile(r"\s*CREATE\s+(OR\s+REPLACE\s+)?FUNCTION\s.*\sLANGUAGE\s+PYTHON\s.*", re.IGNORECASE | re.DOTALL)
_NOT_NULL = re.compile(r"\s*ALTER\s+TABLE\s.*\sSET\s+NOT\s+NULL\s*", re.IGNORECASE)


@contextmanager
def databricks_spark(
    unity_catalog: FakeUnityCatalog, catalogs: Sequence[str], *, delta: bool
) -> Iterator[SparkSession]:
    """Yield a session on which the feature client works, and which `getOrCreate` returns inside the `with` block.

    Keys and Python functions that are created with SQL are registered in the catalog, and the catalog can look up the
    columns of the session's tables. A session of another server, such as pysail's, can exist at the same time. This
    process and the functions use UTC, as on Databricks.

    Args:
        unity_catalog: The fake catalog that the client calls over HTTP.
        catalogs: Names of catalogs.
        delta: Whether tables are Delta tables, which the client can create and write; Parquet tables are read-only.
    """
    names = FunctionNames(unity_catalog.functions)
    with _utc(), apache_spark([*catalogs, "system"], delta=delta, interceptors=[names]) as spark, _active(spark):
        functions = PythonFunctions(spark, unity_catalog.functions)
        spark.sql = _Sql(spark, unity_catalog, catalogs, functions)
        unity_catalog.columns_of = lambda table: spark.table(table).dtypes
        with patch.dict(sys.modules, {"delta.tables": delta_table}):
            yield spark
        # They do not exist on another server.
        unity_catalog.tables.clear()
        unity_catalog.functions.clear()


class _Sql:
    """Wraps `SparkSession.sql` and adds statements that Apache Spark does not support."""

    def __init__(
        self,
        spark: SparkSession,
        unity_catalog: FakeUnityCatalog,
        catalogs: Sequence[str],
        functions: PythonFunctions,
    ) -> None:
        self._spark, self._sql = spark, spark.sql
        self._unity_catalog, self._catalogs, self._functions = unity_catalog, catalogs, functions

    def __call__(self, query: str, *args: Any, **kwargs: Any) -> DataFrame:  # noqa: ANN401 - passed on
        if found := _CATALOG.fullmatch(query):
            return self._spark.range(int(found[1].strip("`") in self._catalogs))
        if found := _KEY.fullmatch(query):
            self._add_key(found)
            return self._spark.range(0)
        if _FUNCTION.fullmatch(query):
            self._functions.create(query)
            return self._spark.range(0)
        try:
            return self._sql(query, *args, **kwargs)
        except PySparkException:
            # Delta forbids this for a nullable column, while Databricks checks the rows instead.
            if not _NOT_NULL.fullmatch(query):
                raise
            return self._spark.range(0)

    def _add_key(self, found: re.Match[str]) -> None:
        table = found[1].replace("`", "")
        columns = [column.split() for column in found[3].replace("`", "").split(",")]
        keys = [column[0] for column in columns if len(column) == 1]
        times = [column[0] for column in columns if len(column) > 1]
        self._unity_catalog.tables[table] = (keys, times[0] if times else None)


@contextmanager
def _utc() -> Iterator[None]:
    """Set the time zone of the process to UTC, because Python functions and results show timestamps in it."""
    try:
        with patch.dict(os.environ, {"TZ": "UTC"}):
            time.tzset()
            yield
    finally:
        time.tzset()


@contextmanager
def _active(spark: SparkSession) -> Iterator[None]:
    """Make `SparkSession.builder.getOrCreate` return this session, even if other sessions exist."""
    connect = type(spark)
    before = connect._default_session, getattr(connect._active_session, "session", None)  # noqa: SLF001
    connect._default_session = connect._active_session.session = spark  # noqa: SLF001 - `create` keeps an older session
    try:
        # Without an address, `getOrCreate` fails before it looks for a session; the address itself is never used.
        with patch.dict(os.environ, {"SPARK_REMOTE": "sc://localhost"}):
            yield
    finally:
        connect._default_session, connect._active_session.session = before  # noqa: SLF001
