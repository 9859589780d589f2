import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from bundle_tools.workspace import engine
from mlops.errors import ProjectError


def start(name: str) -> None:
    with engine.start(name, ["dev"]):
        pass


def installed(*modules: str) -> Callable[[str], ModuleSpec | None]:
    return lambda name: ModuleSpec(name, None) if name in modules else None


def test_an_unknown_engine_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ProjectError, match=r"no engine 'duckdb': choose one of sail, spark\.$"):
        start("duckdb")


@pytest.mark.parametrize(("name", "remedy"), [("sail", "make setup"), ("spark", "make setup ENGINE=spark")])
def test_an_engine_that_is_not_installed_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, name: str, remedy: str
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", installed())
    with pytest.raises(ProjectError, match=rf"run {remedy}\.$"):
        start(name)


def test_spark_without_java_names_java_and_the_engine_that_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", installed("py4j"))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ProjectError, match=r"needs Java 17.*ENGINE=sail"):
        start("spark")


@pytest.mark.parametrize("catalog", ["dev", "samples"])
def test_each_catalog_is_known_and_holds_its_own_schemas(spark: SparkSession, schema: str, catalog: str) -> None:
    known = schema.partition(".")[2]
    assert spark.catalog.databaseExists(f"{catalog}.{known}") == (catalog == "dev")


def test_the_time_zone_is_utc(spark: SparkSession) -> None:
    row = spark.sql("SELECT hour(timestamp_seconds(0)) AS epoch").first()
    assert row is not None
    assert row.epoch == 0
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"


def test_names_in_text_are_not_taken_for_tables(spark: SparkSession, schema: str) -> None:
    text = f"{schema}.t"
    row = spark.sql(f"SELECT '{text}' AS text -- {text}").first()
    assert row is not None
    assert row.text == text


def test_models_of_the_workers_lie_in_a_folder_of_this_run(spark: SparkSession) -> None:
    assert spark.version
    folder = Path(tempfile.gettempdir())
    assert folder.name.startswith("engine-") == (os.environ.get("ENGINE", "sail") == "sail")
