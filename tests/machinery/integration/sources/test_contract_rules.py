from datetime import UTC, datetime

import pytest
from pyspark.sql import SparkSession

from mlops.config.source import Fresh, Range
from mlops.errors import ProjectError
from mlops.sources.contract_rules import Outcome, check

NOW = datetime(2024, 1, 10, 12, tzinfo=UTC)
RULE = Range(rule="range", column="x", min=0)


def test_outcomes_are_in_the_order_of_the_rules(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(1, -1.0), (2, 5.0)], "k INT, x DOUBLE")
    rules = [Range(rule="range", column="x", max=9), RULE]
    rows, outcomes = check(frame, rules, ["k"], NOW)
    assert rows == 2
    assert [found.holds for found in outcomes] == [True, False]
    assert outcomes[1] == Outcome(holds=False, bad_rows=1, observed=None, sample=[{"x": -1.0, "k": 1}])


def test_a_rule_that_cannot_be_checked_raises_an_error(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(1,)], "k INT")
    with pytest.raises(ProjectError, match=r"rule='range' column='x'.* cannot be checked"):
        check(frame, [RULE], ["k"], NOW)


def test_the_newest_value_is_observed(spark: SparkSession) -> None:
    micros = round(NOW.timestamp()) * 1_000_000
    frame = spark.createDataFrame([(1, micros - 3_600_000_001), (2, None)], "k INT, t BIGINT")
    _, (found,) = check(frame, [Fresh(rule="fresh", column="t", hours=1)], ["k"], NOW)
    assert (found.holds, found.observed) == (False, micros - 3_600_000_001)
