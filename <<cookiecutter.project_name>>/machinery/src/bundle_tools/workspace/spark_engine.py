"""Runs Apache Spark's Connect server in a separate process, with Delta tables under three-level names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from uuid import uuid4

import pyspark
from pyspark.sql import SparkSession

from mlops.errors import ProjectError

from .flat_names import FlatNames

_CONF = {
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.connect.grpc.binding.address": "localhost",
    "spark.connect.grpc.binding.port": "0",
    "spark.connect.session.planCompression.threshold": "-1",  # names in a compressed plan could not be mapped
    "spark.driver.host": "localhost",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    # The defaults, 200 and 50, are for clusters; here a few cores run all partitions.
    "spark.sql.shuffle.partitions": "4",
}
_PACKAGES = "spark.jars.packages"
_DELTA = {
    # Delta is built for each minor version of Spark; the PyPI package delta-spark contains no jars.
    _PACKAGES: f"io.delta:delta-spark_{'.'.join(pyspark.__version__.split('.')[:2])}_2.13:4.4.0",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.snapshotPartitions": "2",
}


@contextmanager
def apache_spark(
    catalogs: Sequence[str], *, delta: bool = True, interceptors: Sequence[object] = (), packages: Sequence[str] = ()
) -> Iterator[SparkSession]:
    """Start a server and yield a session that knows the catalogs; both stop with the `with` block.

    Args:
        catalogs: Three-level names in these catalogs are mapped to names that Apache Spark supports.
        delta: Whether tables are Delta tables; otherwise they are Parquet tables, which need no jars.
        interceptors: Interceptors that see each request before its names are mapped.
        packages: Maven coordinates of further jars, such as the driver of a database.

    Raises:
        ProjectError: The server did not start.
    """
    from pyspark.sql.connect.client import DefaultChannelBuilder  # noqa: PLC0415 - the server starts without it
    from pyspark.sql.connect.session import SparkSession as ConnectSession  # noqa: PLC0415 - as above

    token = uuid4().hex
    jars = ",".join([*([_DELTA[_PACKAGES]] if delta else []), *packages])
    conf = (_DELTA if delta else {}) | ({_PACKAGES: jars} if jars else {})
    with _server(token, conf) as port:
        channel = DefaultChannelBuilder(f"sc://localhost:{port}/;token={token}")
        for interceptor in interceptors:
            channel.add_interceptor(interceptor)
        channel.add_interceptor(FlatNames(catalogs))
        os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"  # makes pyspark.sql.functions use Connect
        spark = ConnectSession.builder.channelBuilder(channel).create()
        try:
            yield cast("SparkSession", spark)
        finally:
            spark.stop()


@contextmanager
def _server(token: str, conf: dict[str, str]) -> Iterator[int]:
    """Run this module in a process that stops when its standard input closes, even if this process is killed."""
    # Settings for another Spark installation (SPARK_HOME, SPARK_REMOTE …) would affect this one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    environment |= {
        "SPARK_CONNECT_AUTHENTICATE_TOKEN": token,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),  # workers import what this process can import
        "PYSPARK_PYTHON": sys.executable,
    }
    with (
        tempfile.TemporaryDirectory(prefix="spark-") as folder,
        (Path(folder) / "log").open("w+") as log,
        subprocess.Popen(  # noqa: S603 - this module
            [sys.executable, "-m", __name__, folder, json.dumps(conf)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl-C would otherwise stop the server before its client
        ) as server,
    ):
        port = server.stdout.readline() if server.stdout else b""
        if not port:
            log.seek(0)
            lines = [line.strip() for line in log] or ["no reason given"]
            cause = next((line for line in lines if line.startswith(("Exception", "Error"))), lines[-1])
            raise ProjectError(
                f"Apache Spark did not start; it needs Java 17 and, the first time, access to Maven Central: {cause}"
            )
        yield int(port)


def _serve(folder: str, conf: dict[str, str]) -> None:
    """Start Spark with its Connect server, print the port, and stop when the standard input closes."""
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # keep Java's output off stdout
    builder = SparkSession.builder.master("local[*]").config(map={**_CONF, **conf, "spark.sql.warehouse.dir": folder})
    spark = builder.getOrCreate()
    java = spark.sparkContext._jvm  # noqa: SLF001 - pyspark itself finds the port this way
    service = getattr(getattr(java, "org.apache.spark.sql.connect.service.SparkConnectService$"), "MODULE$")
    print(service.localPort(), file=report, flush=True)
    sys.stdin.read()
    spark.stop()


if __name__ == "__main__":
    _serve(sys.argv[1], json.loads(sys.argv[2]))
