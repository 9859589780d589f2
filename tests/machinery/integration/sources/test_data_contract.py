from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import DataFrame, SparkSession

from mlops.config.source import Allowed, AnyRule, Fresh, Nulls, Range, Source, Unique
from mlops.errors import ProjectError
from mlops.sources.data_contract import Violation, enforce, violations

from example import PROJECT

NOW = datetime(2024, 1, 10, 12, tzinfo=UTC)
COLUMNS = {"id": "int", "at": "timestamp", "miles": "double", "kind": "string"}
RULES: tuple[AnyRule, ...] = (
    Nulls(rule="nulls", column="miles", at_most=0.25),
    Range(rule="range", column="miles", min=0, max=100),
    Range(rule="range", column="miles", max=50, at_most=0.5, severity="warn"),
    Allowed(rule="allowed", column="kind", values=("a", "b"), severity="warn"),
    Unique(rule="unique", columns=("id",)),
    Unique(rule="unique", columns=("id", "kind")),
    Fresh(rule="fresh", column="at", hours=24),
)

Trip = tuple[int | None, datetime | None, float | None, str | None]
GOOD: list[Trip] = [
    (1, NOW - timedelta(hours=24), 0.0, "a"),
    (2, NOW - timedelta(days=9), 100.0, "b"),
    (3, None, None, None),
    (4, NOW - timedelta(days=1, microseconds=1), 1.0, "a"),
]


def contract(*rules: AnyRule) -> Source:
    return Source(columns=COLUMNS, keys=("id", "at"), rules=rules or RULES)


def frame(spark: SparkSession, rows: Sequence[Trip]) -> DataFrame:
    return spark.createDataFrame(rows, "id INT, at TIMESTAMP, miles DOUBLE, kind STRING")


def test_good_rows_break_no_rule(spark: SparkSession) -> None:
    assert violations(contract(), frame(spark, GOOD), NOW) == []


# Index of the rule, a row that breaks it, the text of the rule, how many rows break it, and the key that is shown.
@pytest.mark.parametrize(
    ("place", "row", "demand", "bad", "key"),
    [
        (0, (9, None, None, "a"), "must not be null (except for a share of 0.25 of the rows)", 2, "id=9, at=None"),
        (0, (9, None, float("nan"), "a"), "must not be null", 2, "id=9, at=None"),
        (1, (9, NOW, -0.5, "a"), "must be at least 0 and at most 100", 1, "id=9, at=2024-01-10 12:00:00"),
        (1, (9, NOW, 100.5, "a"), "must be at least 0", 1, "id=9, at=2024-01-10 12:00:00"),
        (3, (9, NOW, 1.0, "c"), "must be one of a, b", 1, "id=9, at=2024-01-10 12:00:00"),
        (4, (2, NOW, 1.0, "a"), "must be unique", 2, "id=2, at=2024-01-10 12:00:00"),
        (5, (2, NOW, 1.0, "b"), "must be unique", 2, "id=2, at=2024-01-10 12:00:00"),
    ],
)
def test_a_violation_tells_the_rule_how_many_rows_break_it_and_which(
    spark: SparkSession, place: int, row: Trip, demand: str, bad: int, key: str
) -> None:
    (found,) = violations(contract(RULES[place]), frame(spark, [*GOOD, row]), NOW)
    assert (found.bad_rows, found.rows, found.severity) == (bad, 5, RULES[place].severity)
    assert found.rule.startswith(demand)
    assert key in found.sample_keys
    assert str(found).startswith(f"{found.column} {demand}")


def test_a_share_includes_its_bound(spark: SparkSession) -> None:
    half = [(1, NOW, 60.0, "a"), (2, NOW, 60.0, "a"), (3, NOW, 1.0, "a"), (4, NOW, 1.0, "a")]
    assert violations(contract(RULES[2]), frame(spark, half), NOW) == []
    (found,) = violations(contract(RULES[2]), frame(spark, [*half, (5, NOW, 60.0, "a")]), NOW)
    assert (found.bad_rows, found.rows) == (3, 5)


@pytest.mark.parametrize(("rows", "told"), [(GOOD, "the newest is 2024-01-09 12:00:00"), ([], "there is no time")])
def test_a_violated_freshness_rule_tells_the_newest_time(spark: SparkSession, rows: list[Trip], told: str) -> None:
    rule = contract(Fresh(rule="fresh", column="at", hours=23.9))
    (found,) = violations(rule, frame(spark, rows), NOW)
    assert told in found.rule


def test_freshness_does_not_depend_on_the_time_zone_of_the_machine(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    assert violations(contract(RULES[6]), frame(spark, GOOD), NOW) == []


def test_at_most_five_keys_are_shown(spark: SparkSession) -> None:
    rows = [(number, NOW, -1.0, "a") for number in range(50)]
    (found,) = violations(contract(RULES[1]), frame(spark, rows), NOW)
    assert found.bad_rows == 50
    assert len(found.sample_keys) == 5


def test_a_warning_is_logged_and_a_failure_raises_an_error(
    spark: SparkSession, caplog: pytest.LogCaptureFixture
) -> None:
    bad = frame(spark, [*GOOD, (9, NOW, -1.0, "c")])
    enforce(contract(RULES[3]), bad, "dev.s.trips")
    ours = [record.levelname for record in caplog.records if record.name.endswith(".data_contract")]
    assert ours == ["WARNING"]
    assert "dev.s.trips: kind must be one of a, b, but 1 of 5 rows break this rule, such as id=9" in caplog.text
    with pytest.raises(ProjectError, match=r"dev\.s\.trips breaks.*miles must be at least 0.*such as id=9") as caught:
        enforce(contract(RULES[1], RULES[3]), bad, "dev.s.trips")
    assert "kind" not in str(caught.value)


def test_columns_are_checked_before_rules(spark: SparkSession) -> None:
    other = frame(spark, [(9, NOW, -1.0, "c")]).selectExpr("id", "CAST(at AS STRING) AS at", "miles")
    with pytest.raises(
        ProjectError, match=r"at must be timestamp, but is string \| kind must be string, but is missing"
    ):
        enforce(contract(), other, "dev.s.trips")


def test_a_contract_without_rules_only_checks_columns(spark: SparkSession) -> None:
    only = contract().model_copy(update={"rules": ()})
    enforce(only, frame(spark, [(9, NOW, -1.0, "c")]), "dev.s.trips")


def test_the_projects_own_contract_can_be_checked(spark: SparkSession) -> None:
    source = PROJECT.config.sources["trips"]
    empty = spark.createDataFrame([], ", ".join(f"{name} {kind}" for name, kind in source.columns.items()))
    assert not [one for one in violations(source, empty, NOW) if one.severity == "fail"]


def test_a_violation_reads_as_a_sentence() -> None:
    found = Violation("miles", "must be at most 5", "fail", 2, 9, ("id=1", "id=2"))
    assert str(found) == "miles must be at most 5, but 2 of 9 rows break this rule, such as id=1; id=2"
