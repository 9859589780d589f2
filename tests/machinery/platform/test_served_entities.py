"""What cannot be read of the served entities does not stop a task: neither at once nor when Spark first looks."""

import pytest
from pyspark.sql import DataFrame

from mlops.platform.served_entities import entities_of
from mlops.tables import Tables, quote
from mlops_local.platform import LocalPlatform

COLUMNS = ["served_entity_id", "entity_version"]


def test_each_entity_is_there_once_with_its_version_as_text(platform: LocalPlatform, schema: str) -> None:
    rows = platform.spark.createDataFrame([("a", 3), ("a", 3), ("b", 4)], "served_entity_id STRING, entity_version INT")
    platform.tables.append(f"{schema}.served_entities", rows)
    entities = entities_of(platform.tables, f"{schema}.served_entities")
    assert sorted(tuple(row) for row in entities.collect()) == [("a", "3"), ("b", "4")]


def test_a_table_that_does_not_exist_has_no_entities(platform: LocalPlatform, schema: str) -> None:
    assert entities_of(platform.tables, f"{schema}.nothing").collect() == []


def test_a_table_that_may_not_be_read_has_no_entities(
    platform: LocalPlatform, schema: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Spark Connect describes a table without asking for it; a missing privilege is the error of the first look."""

    def lazily(tables: Tables, name: str) -> DataFrame:
        return tables.spark.table(quote(f"{name}_that_may_not_be_read"))

    monkeypatch.setattr(Tables, "read", lazily)
    entities = entities_of(platform.tables, f"{schema}.served_entities")
    assert entities.columns == COLUMNS
    assert entities.collect() == []
    assert "no request of an endpoint has a known version" in caplog.text


def test_a_table_with_other_columns_has_no_entities(platform: LocalPlatform, schema: str) -> None:
    platform.tables.append(f"{schema}.served_entities", platform.spark.createDataFrame([("a",)], "id STRING"))
    assert entities_of(platform.tables, f"{schema}.served_entities").collect() == []
