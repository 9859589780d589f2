from datetime import UTC, datetime

import pytest
from pyspark.sql import SparkSession

from mlops.config.source import Allowed, Fresh, Nulls, Range, Unique
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
    assert outcomes[1] == Outcome(holds=False, bad_rows=1, observed=None, sample=[{"k": 1}])


def test_a_rule_that_cannot_be_checked_raises_an_error(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(1,)], "k INT")
    with pytest.raises(ProjectError, match=r"the rules of the source table cannot be checked: .*\bx\b"):
        check(frame, [RULE], ["k"], NOW)


def test_the_newest_value_is_observed(spark: SparkSession) -> None:
    micros = round(NOW.timestamp()) * 1_000_000
    frame = spark.createDataFrame([(1, micros - 3_600_000_001), (2, None)], "k INT, t BIGINT")
    _, (found,) = check(frame, [Fresh(rule="fresh", column="t", hours=1)], ["k"], NOW)
    assert (found.holds, found.observed) == (False, micros - 3_600_000_001)


ROWS = [(1, 1.0, "a", "x"), (2, 1.0, "b", "x"), (3, None, "a", None), (4, None, None, None), (5, 7.0, "c", "y")]


@pytest.mark.parametrize(
    ("rule", "bad", "keys"),
    [
        (Nulls(rule="nulls", column="x"), 2, {3, 4}),
        (Nulls(rule="nulls", column="x", at_most=0.4), 0, set()),
        (Range(rule="range", column="x", max=5), 1, {5}),
        (Range(rule="range", column="x", min=2, max=7), 2, {1, 2}),
        (Range(rule="range", column="x", max=5, at_most=0.34), 0, set()),  # of the three rows with a value
        (Allowed(rule="allowed", column="s", values=("a", "b")), 1, {5}),
        (Unique(rule="unique", columns=("x",)), 2, {1, 2}),
        (Unique(rule="unique", columns=("x", "s")), 0, set()),
        (Unique(rule="unique", columns=("x", "u")), 2, {1, 2}),  # rows without any of the values are left out
        (Unique(rule="unique", columns=("x",), at_most=0.7), 0, set()),
    ],
)
def test_the_rows_that_break_a_rule_are_counted_and_shown(
    spark: SparkSession, rule: Nulls | Range | Allowed | Unique, bad: int, keys: set[int]
) -> None:
    frame = spark.createDataFrame(ROWS, "k INT, x DOUBLE, s STRING, u STRING")
    rows, (outcome,) = check(frame, [rule], ["k"], NOW)
    assert rows == 5
    assert outcome.holds is not bool(bad)
    assert {row["k"] for row in outcome.sample} == keys
    if bad:
        assert outcome.bad_rows == bad


def test_values_that_only_look_alike_are_no_repetition(spark: SparkSession) -> None:
    """The hashes of (1, null) and (null, 1) are the same."""
    frame = spark.createDataFrame([(1, 1, None), (2, None, 1)], "k INT, a INT, b INT")
    _, (outcome,) = check(frame, [Unique(rule="unique", columns=("a", "b"))], ["k"], NOW)
    assert outcome.holds
