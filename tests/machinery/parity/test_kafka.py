"""Delivery to a real Kafka broker with Spark's Kafka writer, on Apache Spark; the broker comes from Maven Central."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

from bundle_tools.workspace.spark_engine import apache_spark
from mlops.config.inference import Output
from mlops.errors import ProjectError
from mlops.inference.outputs import Destinations
from mlops_local.platform import LocalPlatform

BROKER = "org.apache.kafka:kafka_2.13:4.1.1"
# The connector of each minor version of Spark works with all its patches, some of which are not on every mirror.
CONNECTOR = f"org.apache.spark:spark-sql-kafka-0-10_2.13:{'.'.join(pyspark.__version__.split('.')[:2])}.1"
CLUSTER = "MkU3OEVBNTcwNTJENDM2Qk"


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    with ExitStack() as stack:
        try:
            session = stack.enter_context(apache_spark(["dev"], delta=False, packages=[CONNECTOR, BROKER]))
        except ProjectError as error:
            pytest.skip(f"Kafka cannot be had: {error}")
        yield session


@pytest.fixture(scope="module")
def broker(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: ARG001 - brings the jars
    """The address of a broker with one node."""
    folder = tmp_path_factory.mktemp("kafka")
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    address, controller = (f"127.0.0.1:{port}" for port in ports)
    settings = folder / "server.properties"
    settings.write_text(
        "\n".join(
            [
                "process.roles=broker,controller",
                "node.id=1",
                f"controller.quorum.voters=1@{controller}",
                f"listeners=PLAINTEXT://{address},CONTROLLER://{controller}",
                f"advertised.listeners=PLAINTEXT://{address}",
                "controller.listener.names=CONTROLLER",
                "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
                f"log.dirs={folder / 'log'}",
                "offsets.topic.replication.factor=1",
            ]
        ),
        encoding="utf-8",
    )
    # Spark leaves out what it has itself.
    own = Path(pyspark.__file__).parent.glob("jars/scala-library-*.jar")
    jars = os.pathsep.join([*(str(path / "*") for path in Path.home().glob(".ivy2*/jars")), *map(str, own)])
    java = ["java", "-cp", jars]
    format_it = ["kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(settings)]
    subprocess.run([*java, *format_it], check=True, capture_output=True, timeout=120)
    with (folder / "out").open("w") as out:
        server = subprocess.Popen([*java, "kafka.Kafka", str(settings)], stdout=out, stderr=out)
        try:
            _wait_for(address, server)
            yield address
        finally:
            server.kill()
            server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    host, port = address.split(":")
    for _ in range(600):
        assert server.poll() is None, "the broker ended"
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the broker did not start")


def test_messages_arrive_with_their_key_and_the_row_as_json(spark: SparkSession, broker: str, tmp_path: Path) -> None:
    options = {"kafka.bootstrap.servers": broker, "topic": "predictions"}
    output = Output.model_validate({"format": "kafka", "options": options})
    place = Destinations(LocalPlatform(spark, tmp_path), "dev.s", "/Volumes/dev/s/artifacts", "trip_id", "", "CU_1")
    rows = spark.createDataFrame(
        [("a", 1.5, "Zoë"), ("b", None, None)], "trip_id STRING, prediction DOUBLE, name STRING"
    )
    place.write("events", output, rows, "run1")
    reader = spark.read.format("kafka").option("kafka.bootstrap.servers", broker).option("subscribe", "predictions")
    there = {bytes(row["key"]): bytes(row["value"]) for row in reader.load().collect()}
    assert there.keys() == {b"a", b"b"}
    assert json.loads(there[b"a"]) == {"trip_id": "a", "prediction": 1.5, "name": "Zoë"}
    assert "Zoë".encode() in there[b"a"]
    assert json.loads(there[b"b"]) == {"trip_id": "b", "prediction": None, "name": None}


def test_a_broker_that_is_not_there_is_told(spark: SparkSession, tmp_path: Path) -> None:
    limits = {"kafka.max.block.ms": 2000, "kafka.request.timeout.ms": 1000, "kafka.delivery.timeout.ms": 2000}
    options = {"kafka.bootstrap.servers": "127.0.0.1:1", "topic": "predictions", **limits}
    output = Output.model_validate({"format": "kafka", "options": options})
    place = Destinations(LocalPlatform(spark, tmp_path), "dev.s", "/Volumes/dev/s/artifacts", "trip_id", "", "CU_1")
    with pytest.raises(ProjectError, match=r"(?i)timeout|not present"):
        place.write("events", output, spark.createDataFrame([("a", 1.0)], "trip_id STRING, prediction DOUBLE"), "run1")
