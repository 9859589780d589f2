import math
from datetime import UTC, datetime

import pytest
from pyspark.sql import SparkSession

from mlops.exploration import tables

import example


def test_a_summary_counts_nan_as_missing_and_leaves_it_out_of_the_mean(spark: SparkSession) -> None:
    rows = [(1.0, "a", True), (3.0, "b", False), (math.nan, None, True), (None, "a", None)]
    found = tables.summary(spark.createDataFrame(rows, "x double, y string, z boolean")).set_index("column")
    assert found.loc["x", ["rows", "missing", "missing %", "mean", "min", "median", "max"]].tolist() == [
        *(4, 2, 50.0),
        *(2.0, 1.0, 2.0, 3.0),
    ]
    assert found.loc["y", ["missing", "distinct"]].tolist() == [1, 2]
    assert found.loc["z", "mean"] == pytest.approx(2 / 3)


def test_a_summary_of_times_has_the_first_and_the_last(spark: SparkSession) -> None:
    first, last = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)
    found = tables.summary(spark.createDataFrame([(last,), (first,)], "t timestamp")).iloc[0]
    assert [found["first"].month, found["last"].month] == [1, 3]


def test_only_the_given_columns_are_summarised(spark: SparkSession) -> None:
    found = tables.summary(spark.createDataFrame([(1.0, 2.0)], "x double, y double"), ["y"])
    assert found["column"].tolist() == ["y"]


def test_the_roles_name_every_input_and_the_label_once() -> None:
    config = example.PROJECT.config
    found = tables.roles(config).set_index("column")["role"]
    assert set(found[~found.isin(["key", "event time", "label"])].index) == set(config.features)
    assert found[config.label] == "label"
