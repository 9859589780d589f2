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


def test_models_of_the_workers_are_in_a_folder_of_this_run(spark: SparkSession) -> None:
    assert spark.version
    folder = Path(tempfile.gettempdir())
    assert folder.name.startswith("engine-") == (os.environ.get("ENGINE", "sail") == "sail")
