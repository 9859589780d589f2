import logging
from functools import partial

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from mlops.errors import ProjectError
from mlops.tables import Tables, quote
from mlops_local.platform import LocalPlatform

from call_counts import counted


@pytest.fixture
def tables(platform: LocalPlatform) -> Tables:
    return platform.tables


def rows(spark: SparkSession, *values: tuple[int, str]) -> DataFrame:
    return spark.createDataFrame(list(values), "id INT, text STRING")


def content(tables: Tables, name: str) -> list[tuple[int, str]]:
    return sorted((row.id, row.text) for row in tables.read(name).collect())


def test_asking_for_a_missing_table_is_no_error_in_the_log(platform: LocalPlatform, schema: str) -> None:
    logger = logging.getLogger("pyspark.sql.connect.logging")
    passed = []
    for statement in (f"SELECT * FROM {schema}.nowhere", "SELECT no_such_column FROM range(1)"):  # noqa: S608 - our own
        try:
            platform.tables.spark.sql(statement).collect()
        except PySparkException as error:
            info = (type(error), error, None)
            record = logger.makeRecord(logger.name, logging.ERROR, "", 0, "GRPC Error received", (), info)
            passed.append(bool(logger.filter(record)))
    assert passed == [False, True]


def test_what_a_table_is_like_is_asked_once_until_another_task_begins(platform: LocalPlatform, schema: str) -> None:
    tables, name = platform.tables, f"{schema}.once"
    assert not tables.exists(name)
    other = Tables(platform.spark, locate=tables.locate, version_of=tables.version_of)
    other.overwrite(name, platform.spark.range(2))
    assert not tables.exists(name)
    tables.forget()
    assert tables.exists(name)
    with counted() as calls:
        for _ in range(3):
            assert tables.exists(name)
            assert tables.read(name).columns == ["id"]
    assert sum(calls.counts.values()) == 0
    tables.drop(name)
    assert not tables.exists(name)


def test_each_part_of_a_name_is_quoted() -> None:
    assert quote("ml-dev.s.t") == "`ml-dev`.`s`.`t`"


def test_the_error_names_a_table_that_does_not_exist(tables: Tables, schema: str) -> None:
    assert not tables.exists(f"{schema}.nothing")
    with pytest.raises(ProjectError, match=rf"table {schema}\.nothing does not exist"):
        tables.read(f"{schema}.nothing")


def test_append_creates_and_then_adds(tables: Tables, schema: str) -> None:
    name = f"{schema}.t"
    for value in ((1, "a"), (2, "b")):
        tables.append(name, rows(tables.spark, value))
    assert content(tables, name) == [(1, "a"), (2, "b")]


def test_overwrite_replaces_rows_and_columns(tables: Tables, schema: str) -> None:
    name = f"{schema}.t"
    tables.append(name, rows(tables.spark, (1, "a")))
    tables.overwrite(name, tables.spark.createDataFrame([(7,)], "other INT"))
    assert [row.asDict() for row in tables.read(name).collect()] == [{"other": 7}]


@pytest.mark.parametrize(("update", "expected"), [(True, [(1, "new"), (2, "b")]), (False, [(1, "a"), (2, "b")])])
def test_merge_inserts_new_keys_and_updates_only_on_request(
    tables: Tables, schema: str, *, update: bool, expected: list[tuple[int, str]]
) -> None:
    name = f"{schema}.t"
    tables.merge(name, rows(tables.spark, (1, "a")), ["id"], update=update)
    tables.merge(name, rows(tables.spark, (1, "new"), (2, "b")), ["id"], update=update)
    assert content(tables, name) == expected


def test_delete_removes_what_meets_the_condition(tables: Tables, schema: str) -> None:
    name = f"{schema}.t"
    tables.append(name, rows(tables.spark, (1, "a"), (2, "b")))
    tables.delete(name, "id = 1")
    assert content(tables, name) == [(2, "b")]


def test_every_write_is_a_new_version(tables: Tables, schema: str) -> None:
    name = f"{schema}.t"
    versions = []
    for value in range(2):
        tables.append(name, rows(tables.spark, (value, "")))
        versions.append(tables.version(name))
    assert versions == ["0", "1"]


@pytest.mark.parametrize("write", ["append", "merge"])
def test_new_columns_are_added_and_missing_ones_are_null(tables: Tables, schema: str, write: str) -> None:
    name = f"{schema}.t"
    frames = [rows(tables.spark, (1, "a")), tables.spark.createDataFrame([(2, 0.5)], "id INT, score DOUBLE")]
    for frame in frames:
        if write == "append":
            tables.append(name, frame)
        else:
            tables.merge(name, frame, ["id"], update=True)
    found = sorted((row.id, row.text, row.score) for row in tables.read(name).collect())
    assert found == [(1, "a", None), (2, None, 0.5)]


def test_only_rows_with_certain_keys_are_retained(tables: Tables, schema: str) -> None:
    name = f"{schema}.t"
    tables.append(name, rows(tables.spark, (1, "a"), (2, "b"), (3, "c")))
    tables.retain(name, rows(tables.spark, (2, "x"), (9, "y")), ["id"])
    assert content(tables, name) == [(2, "b")]


@pytest.mark.parametrize("write", ["append", "merge"])
def test_a_column_that_would_change_its_type_is_told_and_the_table_is_kept(
    tables: Tables, schema: str, write: str
) -> None:
    name = f"{schema}.t"
    tables.append(name, rows(tables.spark, (1, "a")))
    other = tables.spark.createDataFrame([(2, 0.5)], "id INT, text DOUBLE")
    put = tables.append if write == "append" else partial(tables.merge, keys=["id"], update=True)
    with pytest.raises(ProjectError, match=r"has columns of other types: text is string there, but double now\. Give"):
        put(name, other)
    assert content(tables, name) == [(1, "a")]


def test_a_table_that_was_written_with_other_keys_is_told_and_kept(tables: Tables, schema: str) -> None:
    name = f"{schema}.t"
    tables.append(name, rows(tables.spark, (1, "a")))
    other = tables.spark.createDataFrame([(2, "b")], "key INT, text STRING")
    with pytest.raises(ProjectError, match="has no column key, which now identifies its rows: it was written with"):
        tables.merge(name, other, ["key"], update=False)
    assert content(tables, name) == [(1, "a")]
