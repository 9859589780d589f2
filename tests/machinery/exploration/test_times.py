from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from mlops.errors import ProjectError
from mlops.exploration import times

FIRST = datetime(2024, 1, 31, 12, tzinfo=UTC)


def test_each_period_has_its_rows_and_its_labels_also_where_there_are_none(spark: SparkSession) -> None:
    rows = [(FIRST, 1.0), (FIRST, None), (FIRST + timedelta(days=3), 5.0)]
    frame = spark.createDataFrame(rows, "t timestamp, y double")
    found = times.coverage(frame, "t", "y", "day")
    assert found["rows"].tolist() == [2, 0, 0, 1]
    assert found["labelled"].fillna(-1).tolist() == [0.5, -1, -1, 1.0]
    assert found["label"].fillna(-1).tolist() == [1.0, -1, -1, 5.0]


def test_gaps_are_listed_longest_first() -> None:
    days = pd.date_range("2024-01-01", periods=7, freq="D")
    found = times.gaps(pd.DataFrame({"rows": [1, 0, 4, 0, 0, 0, 2]}, index=days))
    assert found["periods"].tolist() == [3, 1]
    assert [str(found.loc[0, "from"])[:10], str(found.loc[0, "to"])[:10]] == ["2024-01-04", "2024-01-06"]


@pytest.mark.parametrize(
    ("days", "expected"), [(0, "hour"), (3, "hour"), (60, "day"), (400, "week"), (2000, "month"), (9000, "year")]
)
def test_a_period_is_so_long_that_there_are_about_a_hundred(spark: SparkSession, days: int, expected: str) -> None:
    frame = spark.createDataFrame([(FIRST,), (FIRST + timedelta(days=days),)], "t timestamp")
    assert times.unit(frame, "t") == expected


@pytest.mark.parametrize(("period", "expected"), [("hour", 31), ("day", 2), ("week", 1), ("month", 2), ("year", 1)])
def test_every_kind_of_period_begins_where_its_rows_are_counted(
    spark: SparkSession, period: str, expected: int
) -> None:
    frame = spark.createDataFrame([(FIRST, 1.0), (FIRST + timedelta(hours=30), 1.0)], "t timestamp, y double")
    found = times.coverage(frame, "t", "y", period)
    assert found["rows"].sum() == 2
    assert len(found) == expected


def test_rows_without_a_time_cannot_be_explored(spark: SparkSession) -> None:
    with pytest.raises(ProjectError, match="no row has a time in the column t"):
        times.unit(spark.createDataFrame([(None,)], "t timestamp"), "t")
