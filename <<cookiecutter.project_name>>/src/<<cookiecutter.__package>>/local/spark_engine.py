"""Apache Spark's Connect server in a process of its own, and three-level names on its only Delta catalog.

Delta Lake works in Spark's session catalog alone, which has two levels. So a name of a known catalog is flattened on
its way to the server: `dev`.`taxi`.`trips` becomes `dev__taxi`.`trips`, in table names and in SQL outside literals
and comments. What Spark shows (errors, SHOW, plans) holds flat names, and USE CATALOG is not there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import grpc
import pyspark
from pyspark.sql import SparkSession

from ..errors import ProjectError

_CONF = {
    # Delta is built for each Spark minor version; its PyPI package holds no jars.
    "spark.jars.packages": f"io.delta:delta-spark_{'.'.join(pyspark.__version__.split('.')[:2])}_2.13:4.4.0",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.connect.grpc.binding.address": "localhost",
    "spark.connect.grpc.binding.port": "0",
    "spark.connect.session.planCompression.threshold": "-1",  # names in a compressed plan would not be found
    "spark.driver.host": "localhost",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    # The defaults, 200 and 50, are for clusters: each partition costs a task, and here there are a few cores.
    "spark.sql.shuffle.partitions": "4",
    "spark.databricks.delta.snapshotPartitions": "2",
}
_PART = r"(?:`(?:[^`]|``)+`|\w+)"
_TOKEN = re.compile(
    rf"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|--[^\n]*|/\*.*?\*/|(?P<name>{_PART}(?:\.{_PART})+)", re.DOTALL
)
# The fields of Spark Connect's messages that hold the name of a table or a schema, or SQL.
_FIELDS = {"unparsed_identifier", "table_name", "target_table_name", "db_name", "query"}


@contextmanager
def apache_spark(catalogs: Sequence[str]) -> Iterator[SparkSession]:
    """Start a server and yield a session that knows the catalogs; both stop with the `with` block.

    Raises:
        ProjectError: The server did not start.
    """
    from pyspark.sql.connect.session import SparkSession as ConnectSession  # noqa: PLC0415 - slow
    from pyspark.sql.connect.client import DefaultChannelBuilder  # noqa: PLC0415 - likewise

    token = uuid4().hex
    with tempfile.TemporaryDirectory(prefix="spark-") as folder, _server(folder, token) as port:
        channel = DefaultChannelBuilder(f"sc://localhost:{port}/;token={token}")
        channel.add_interceptor(_FlatNames(catalogs))
        os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"  # pyspark.sql.functions then build Connect's columns
        spark = ConnectSession.builder.channelBuilder(channel).create()
        try:
            yield spark
        finally:
            spark.stop()
