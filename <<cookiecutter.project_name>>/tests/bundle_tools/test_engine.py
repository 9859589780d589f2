import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from bundle_tools.workspace import engine
from bundle_tools.workspace.spark_engine import apache_spark
from mlops.errors import ProjectError

# Runs in a separate process, because the engine of the test session runs in this one.
TWICE = """
from bundle_tools.workspace import engine
for _ in range(2):
    with engine.start("sail", ["ml-dev", "samples"]) as spark:
        before = spark.catalog.databaseExists("`ml-dev`.s")
        spark.sql("CREATE SCHEMA `ml-dev`.s").collect()
        print(spark.conf.get("spark.sql.session.timeZone"), before)
"""


def start(name: str) -> None:
    with engine.start(name, ["dev"]):
        pass


def installed(*modules: str) -> Callable[[str], ModuleSpec | None]:
    return lambda name: ModuleSpec(name, None) if name in modules else None


def test_an_unknown_engine_is_rejected_with_a_list_of_engines() -> None:
    with pytest.raises(ProjectError, match=r"no engine 'duckdb': choose one of sail, spark\.$"):
        start("duckdb")


@pytest.mark.parametrize(("name", "remedy"), [("sail", "make setup"), ("spark", "make setup ENGINE=spark")])
def test_a_missing_engine_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, name: str, remedy: str) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", installed())
    with pytest.raises(ProjectError, match=rf"run {remedy}\.$"):
        start(name)


def test_spark_without_java_mentions_java_and_the_engine_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", installed("py4j"))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ProjectError, match=r"needs Java 17.*ENGINE=sail"):
        start("spark")


@pytest.mark.parametrize("catalog", ["dev", "samples"])
def test_each_catalog_exists_and_has_its_own_schemas(spark: SparkSession, schema: str, catalog: str) -> None:
    known = schema.partition(".")[2]
    assert spark.catalog.databaseExists(f"{catalog}.{known}") == (catalog == "dev")


def test_the_time_zone_is_utc(spark: SparkSession) -> None:
    row = spark.sql("SELECT hour(timestamp_seconds(0)) AS epoch").first()
    assert row is not None
    assert row.epoch == 0
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"


def test_names_in_text_are_not_treated_as_tables(spark: SparkSession, schema: str) -> None:
    text = f"{schema}.t"
    row = spark.sql(f"SELECT '{text}' AS text -- {text}").first()
    assert row is not None
    assert row.text == text


@pytest.mark.skipif(os.environ.get("ENGINE", "sail") != "sail", reason="pysail is not in Apache Spark's environment")
def test_sail_stops_cleanly_and_starts_again_without_its_schemas(tmp_path: Path) -> None:
    script = tmp_path / "twice.py"  # a file: under `python -c` pyspark-client starts its own doctests
    script.write_text(TWICE)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["UTC", "False"] * 2, "")


def test_models_of_the_workers_are_in_a_folder_of_this_run(spark: SparkSession) -> None:
    assert spark.version
    folder = Path(tempfile.gettempdir())
    assert folder.name.startswith("engine-") == (os.environ.get("ENGINE", "sail") == "sail")


@pytest.mark.skipif(importlib.util.find_spec("py4j") is not None, reason="Apache Spark is installed and would start")
def test_a_failed_start_of_spark_is_one_sentence() -> None:
    with (
        pytest.raises(ProjectError, match=r"Apache Spark did not start; it needs Java 17") as caught,
        apache_spark(["dev"]),
    ):
        pass
    assert "\n" not in str(caught.value)
