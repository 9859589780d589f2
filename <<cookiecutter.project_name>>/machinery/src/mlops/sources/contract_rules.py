"""Checks the rules of the data contract with Great Expectations.

This library was chosen because it checks all of these rules over Spark Connect, which serverless compute and the
embedded engine use. It counts the rows that break a rule, shows some of them, and leaves the rows in Spark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyspark.sql import DataFrame

from ..config.source import Allowed, AnyRule, Fresh, Nulls, Range, Unique
from ..errors import ProjectError
from .times import to_micros

SAMPLES = 5


@dataclass(frozen=True)
class Outcome:
    """The result of one rule.

    Attributes:
        holds: Whether the rule holds.
        bad_rows: How many of the rows with a value break the rule; None for rules about the whole column.
        observed: The value that a rule about the whole column looked at.
        sample: The keys of some rows that break the rule.
    """

    holds: bool
    bad_rows: int | None
    observed: Any
    sample: Sequence[Mapping[str, Any]]


def check(frame: DataFrame, rules: Sequence[AnyRule], keys: Sequence[str], now: datetime) -> tuple[int, list[Outcome]]:
    """Check the rules on a table.

    Args:
        frame: The table, with times as microseconds since 1970, and null instead of NaN.
        rules: The rules to check.
        keys: The columns that identify a row.
        now: The time that freshness is measured against.

    Returns:
        The number of rows, and the outcome of each rule.

    Raises:
        ProjectError: A rule could not be checked.
    """
    import great_expectations as gx  # noqa: PLC0415 - takes seconds, which only this check needs
    from great_expectations import expectations  # noqa: PLC0415 - likewise

    context = gx.get_context(mode="ephemeral")  # stores nothing on disk
    context.enable_analytics(enable=False)  # sends no usage data
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_spark("source", persist=False)  # serverless compute cannot persist
    suite = context.suites.add(gx.ExpectationSuite(name="contract"))
    for number, rule in enumerate(rules):
        suite.add_expectation(_expectation(expectations, rule, now, {"rule": number}))
    suite.add_expectation(expectations.ExpectTableRowCountToBeBetween(min_value=0, meta={"rule": len(rules)}))
    data = source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("all")
    run = gx.ValidationDefinition(name="contract", data=data, suite=suite).run(
        batch_parameters={"dataframe": frame},
        result_format={
            "result_format": "SUMMARY",
            "partial_unexpected_count": SAMPLES,
            "unexpected_index_column_names": list(keys),
        },
    )
    results = sorted(run.results, key=lambda result: int(result.expectation_config.meta["rule"]))
    return int(results[-1].result["observed_value"]), [
        _outcome(*pair) for pair in zip(rules, results[:-1], strict=True)
    ]


def _expectation(kinds: Any, rule: AnyRule, now: datetime, meta: dict[str, int]) -> Any:  # noqa: ANN401 - the library's
    match rule:
        case Nulls():
            return kinds.ExpectColumnValuesToNotBeNull(column=rule.column, mostly=1 - rule.at_most, meta=meta)
        case Range():
            return kinds.ExpectColumnValuesToBeBetween(
                column=rule.column, min_value=rule.min, max_value=rule.max, mostly=1 - rule.at_most, meta=meta
            )
        case Allowed():
            return kinds.ExpectColumnValuesToBeInSet(
                column=rule.column, value_set=list(rule.values), mostly=1 - rule.at_most, meta=meta
            )
        case Unique(columns=(column,)):
            return kinds.ExpectColumnValuesToBeUnique(column=column, mostly=1 - rule.at_most, meta=meta)
        case Unique():
            columns = list(rule.columns)
            return kinds.ExpectCompoundColumnsToBeUnique(column_list=columns, mostly=1 - rule.at_most, meta=meta)
        case Fresh():
            oldest = to_micros(now - timedelta(hours=rule.hours))
            return kinds.ExpectColumnMaxToBeBetween(column=rule.column, min_value=oldest, meta=meta)


def _outcome(rule: AnyRule, result: Any) -> Outcome:  # noqa: ANN401 - a class of the library's
    """Convert a result, and raise an error, which the library reports in the same way as a broken rule."""
    info = result.exception_info or {}
    for problem in (info, *info.values()):
        if isinstance(problem, dict) and problem.get("exception_message"):
            raise ProjectError(
                f"the rule {rule} of the source table cannot be checked: {problem['exception_message']}."
            )
    detail = result.result
    sample = detail.get("partial_unexpected_index_list") or detail.get("unexpected_index_list") or []
    return Outcome(bool(result.success), detail.get("unexpected_count"), detail.get("observed_value"), sample)
