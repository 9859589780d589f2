from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import DataFrame, SparkSession

from mlops_local.feature_store import point_in_time_join
from mlops_local.feature_store.point_in_time_join import TIME
from mlops_local.feature_store.typed_frame import TypedFrame

START = datetime(2020, 1, 1, tzinfo=UTC)


def as_of_join(spine: DataFrame, features: DataFrame, names: list[str], lookback_hours: float | None) -> DataFrame:
    """Join by k and t, and make sure that the schema of the result is what the engine says that it is."""
    sides = TypedFrame.of(spine), TypedFrame.of(features)
    joined = point_in_time_join.as_of_join(*sides, ["k"], "t", names, lookback_hours)
    assert joined.schema.simpleString() == joined.frame.schema.simpleString()
    return joined.frame


@pytest.mark.parametrize(("hours", "expected"), [(None, 1.0), (2, 1.0), (1.99, None)])
def test_the_lookback_includes_its_bound(spark: SparkSession, hours: float | None, expected: float | None) -> None:
    spine = spark.createDataFrame([(1, START + timedelta(hours=2))], "k INT, t TIMESTAMP")
    features = spark.createDataFrame([(1, START, 1.0)], f"k INT, {TIME} TIMESTAMP, x DOUBLE")
    assert as_of_join(spine, features, ["x"], hours).first().x == expected


def test_columns_of_the_spine_keep_their_order_and_values(spark: SparkSession) -> None:
    spine = spark.createDataFrame([("a", 1, START, None)], "s STRING, k INT, t TIMESTAMP, n DOUBLE")
    features = spark.createDataFrame([(1, START, 1.0, "b")], f"k INT, {TIME} TIMESTAMP, x DOUBLE, y STRING")
    joined = as_of_join(spine, features, ["y", "x"], None)
    assert joined.columns == ["s", "k", "t", "n", "y", "x"]
    row = joined.first()
    assert (row.s, row.n, row.y, row.x) == ("a", None, "b", 1.0)


def test_a_row_without_a_time_is_left_out(spark: SparkSession) -> None:
    spine = spark.createDataFrame([(1, None)], "k INT, t TIMESTAMP")
    features = spark.createDataFrame([(1, START, 1.0)], f"k INT, {TIME} TIMESTAMP, x DOUBLE")
    assert as_of_join(spine, features, ["x"], None).count() == 0


def test_an_equal_join_keeps_every_row_once(spark: SparkSession) -> None:
    spine = spark.createDataFrame([(1, "a"), (1, "a"), (2, "b"), (None, "c")], "k INT, s STRING")
    features = spark.createDataFrame([(1, 5.0)], "k INT, x DOUBLE")
    joined = point_in_time_join.equal_join(TypedFrame.of(spine), TypedFrame.of(features), ["k"], ["x"])
    found = sorted((row.s, row.x) for row in joined.frame.collect())
    assert found == [("a", 5.0), ("a", 5.0), ("b", None), ("c", None)]
