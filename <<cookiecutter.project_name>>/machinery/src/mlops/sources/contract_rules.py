"""Checks the rules of the data contract: all of them in one pass over the table, which stays in Spark.

Only rules that do not hold cost another pass, for the keys of some of the rows that break them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import and_
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F

from ..config.source import Allowed, AnyRule, Fresh, Nulls, Range, Unique
from ..errors import ProjectError, first_line
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
        ProjectError: The rules could not be checked.
    """
    measures = [
        column.alias(f"{name}_{number}") for number, rule in enumerate(rules) for name, column in _measures(rule)
    ]
    try:
        (measured,) = frame.agg(F.count("*").alias("rows"), *measures).collect()
        outcomes = [_outcome(frame, rule, _of_rule(measured, number), keys, now) for number, rule in enumerate(rules)]
    except PySparkException as error:
        raise ProjectError(f"the rules of the source table cannot be checked: {first_line(error)}.") from error
    return int(measured["rows"]), outcomes


def _measures(rule: AnyRule) -> list[tuple[str, Column]]:
    """Return what one pass computes for a rule: `of`, the rows that it is about, and `bad`, those that break it.

    The rows that repeat a value are not counted in one pass: `bad` is positive if there are any.
    """
    if isinstance(rule, Fresh):
        return [("newest", F.max(rule.column))]
    of = F.count("*") if isinstance(rule, Nulls) else F.count(F.when(_has_value(rule), 1))
    if isinstance(rule, Unique):
        different = F.count_distinct(F.when(_has_value(rule), F.xxhash64(*rule.columns)))
        return [("of", of), ("bad", of - different)]
    return [("of", of), ("bad", F.count(F.when(_breaks(rule), 1)))]


def _has_value(rule: Range | Allowed | Unique) -> Column:
    """Return whether a rule is about a row: one with a value, or with any of several."""
    columns = rule.columns if isinstance(rule, Unique) else (rule.column,)
    return ~reduce(and_, [F.col(column).isNull() for column in columns])


def _breaks(rule: Nulls | Range | Allowed) -> Column:
    column = F.col(rule.column)
    match rule:
        case Nulls():
            return column.isNull()
        case Range():
            outside = [column < rule.min] if rule.min is not None else []
            outside += [column > rule.max] if rule.max is not None else []
            return reduce(lambda one, other: one | other, outside)
        case Allowed():
            return ~column.isin(*rule.values)


def _of_rule(measured: Row, number: int) -> Mapping[str, Any]:
    suffix = f"_{number}"
    return {name.removesuffix(suffix): value for name, value in measured.asDict().items() if name.endswith(suffix)}


def _outcome(
    frame: DataFrame, rule: AnyRule, measured: Mapping[str, Any], keys: Sequence[str], now: datetime
) -> Outcome:
    if isinstance(rule, Fresh):
        newest, oldest = measured["newest"], to_micros(now - timedelta(hours=rule.hours))
        return Outcome(newest is not None and newest >= oldest, None, newest, ())
    bad = measured["bad"]
    if not bad:
        return Outcome(holds=True, bad_rows=0, observed=None, sample=())
    broken = _repeated(frame, rule) if isinstance(rule, Unique) else frame.where(_breaks(rule))
    if isinstance(rule, Unique):
        bad = broken.count()
    if bad <= rule.at_most * measured["of"]:
        return Outcome(holds=True, bad_rows=bad, observed=None, sample=())
    sample = broken.select(*keys).limit(SAMPLES).collect()
    return Outcome(holds=False, bad_rows=bad, observed=None, sample=[row.asDict() for row in sample])


def _repeated(frame: DataFrame, rule: Unique) -> DataFrame:
    """Return the rows whose values another row has too."""
    same = Window.partitionBy(*rule.columns)
    return frame.where(_has_value(rule)).withColumn("_rows", F.count("*").over(same)).where("_rows > 1")
