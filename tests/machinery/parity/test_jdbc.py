"""Delivery to a real PostgreSQL database with Spark's JDBC writer, on Apache Spark."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from bundle_tools.workspace.spark_engine import apache_spark
from mlops.config.inference import Output
from mlops.errors import ProjectError
from mlops.inference.outputs import Destinations
from mlops_local.platform import LocalPlatform

DRIVER = "org.postgresql:postgresql:42.7.8"
PASSWORD = "correct horse"  # noqa: S105 - of a database that lives as long as the test


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The JDBC address of a new database."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = shutil.which("initdb", path=os.pathsep.join([os.environ["PATH"], *map(str, programs)]))
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    tools = Path(found).resolve().parent
    # PostgreSQL refuses to be run by root.
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pg-")))
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        for path in (folder, folder / "password"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]

        def run(*command: str) -> None:
            subprocess.run(
                command, check=True, capture_output=True, user=owner.pw_uid, group=owner.pw_gid, cwd=folder, timeout=120
            )

        data = str(folder / "data")
        run(str(tools / "initdb"), "-D", data, "-U", "us", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
        run(str(tools / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        stack.callback(run, str(tools / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        yield f"jdbc:postgresql://127.0.0.1:{port}/postgres"


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    with ExitStack() as stack:
        try:
            session = stack.enter_context(apache_spark(["dev"], delta=False, packages=[DRIVER]))
        except ProjectError as error:
            pytest.skip(f"the driver cannot be had: {error}")
        yield session


def output(database: str, **options: object) -> Output:
    given = {
        "url": database,
        "dbtable": "predictions",
        "driver": "org.postgresql.Driver",
        "user": "us",
        "password": {"scope": "shop", "key": "db"},
    }
    return Output.model_validate({"format": "jdbc", "options": given | options})


def destinations(spark: SparkSession, folder: Path) -> Destinations:
    return Destinations(LocalPlatform(spark, folder), "dev.s", "/Volumes/dev/s/artifacts", "trip_id", "", "CU_1")


def rows(spark: SparkSession, *trips: tuple[str, float]) -> DataFrame:
    return spark.createDataFrame(list(trips), "trip_id STRING, prediction DOUBLE")


def test_rows_arrive_in_the_table(
    spark: SparkSession, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_SHOP_DB", PASSWORD)
    place = destinations(spark, tmp_path)
    place.write("shop", output(database), rows(spark, ("a", 1.5), ("b", 2.5)), "run1")
    place.write("shop", output(database), rows(spark, ("c", 3.5)), "run2")
    there = spark.read.jdbc(
        database, "predictions", properties={"user": "us", "password": PASSWORD, "driver": "org.postgresql.Driver"}
    ).collect()
    assert sorted((row["trip_id"], row["prediction"]) for row in there) == [("a", 1.5), ("b", 2.5), ("c", 3.5)]


def test_a_wrong_password_is_told_without_showing_it(
    spark: SparkSession, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_SHOP_DB", "battery staple")
    with pytest.raises(ProjectError, match="password authentication failed") as told:
        destinations(spark, tmp_path).write("shop", output(database), rows(spark, ("a", 1.0)), "run1")
    assert "battery" not in str(told.value)


def test_a_database_that_is_not_reachable_is_told(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_SHOP_DB", PASSWORD)
    nowhere = output("jdbc:postgresql://127.0.0.1:1/postgres")
    with pytest.raises(ProjectError, match="refused"):
        destinations(spark, tmp_path).write("shop", nowhere, rows(spark, ("a", 1.0)), "run1")
