"""The data contract: checks the columns and rules that the configuration demands of the source tables."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..config.source import Allowed, AnyRule, Fresh, Nulls, Range, Source, Unique
from ..config.validation import Bound
from ..errors import ProjectError
from .contract_rules import SAMPLES, Outcome, check
from .times import from_micros

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Violation:
    """A rule that does not hold.

    Attributes:
        column: The column, or columns.
        rule: The rule in words.
        severity: `warn` or `fail`.
        bad_rows: How many rows break the rule.
        rows: How many rows the table has.
        sample_keys: The keys of some of the rows that break the rule.
    """

    column: str
    rule: str
    severity: str
    bad_rows: int
    rows: int
    sample_keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        sample = f", such as {'; '.join(self.sample_keys)}" if self.sample_keys else ""
        return f"{self.column} {self.rule}, but {self.bad_rows} of {self.rows} rows break this rule{sample}"


def enforce(source: Source, frame: DataFrame, name: str) -> None:
    """Check one source table, and log the rules that do not hold.

    Raises:
        ProjectError: A column is missing or has another type, or a rule of severity `fail` does not hold.
    """
    wrong_types = [
        f"{column} must be {kind}, but is {dict(frame.dtypes).get(column, 'missing')}"
        for column, kind in source.columns.items()
        if dict(frame.dtypes).get(column) != kind
    ]
    # The rules can only be checked if the columns are there with the right types.
    violated = [] if wrong_types else violations(source, frame, now=datetime.now(UTC))
    for violation in violated:
        log.log(
            logging.WARNING if violation.severity == "warn" else logging.ERROR, "source table %s: %s", name, violation
        )
    broken = wrong_types + [str(violation) for violation in violated if violation.severity == "fail"]
    if broken:
        raise ProjectError(
            f"source table {name} breaks its contract, so no features are written: {' | '.join(broken)}. Fix the "
            "table, or change sources in project.yml."
        )


def violations(source: Source, frame: DataFrame, now: datetime) -> list[Violation]:
    """Return the rules that do not hold for a table with the columns of the contract.

    Args:
        source: The contract.
        frame: The table.
        now: The time that freshness is measured against.

    Raises:
        ProjectError: A rule could not be checked.
    """
    if not source.rules:
        return []
    rows, outcomes = check(_plain(source, frame), source.rules, source.keys, now)
    pairs = zip(source.rules, outcomes, strict=True)
    return [_violation(source, rule, outcome, rows) for rule, outcome in pairs if not outcome.holds]


def _plain(source: Source, frame: DataFrame) -> DataFrame:
    """Return the frame with NaN as null, and with times as microseconds, which do not depend on a time zone."""
    columns, times = [], _times(source)
    for name, kind in source.columns.items():
        column = F.col(name)
        if kind in {"double", "float"}:
            column = F.when(~F.isnan(column), column)
        elif name in times:
            column = F.unix_micros(column.cast("timestamp"))
        columns.append(column.alias(name))
    return frame.select(*columns)


def _times(source: Source) -> set[str]:
    """Return the columns that are checked as microseconds: a date is compared with a time as its midnight in UTC."""
    fresh = {rule.column for rule in source.rules if isinstance(rule, Fresh)}
    return {name for name, kind in source.columns.items() if kind == "timestamp"} | fresh


def _violation(source: Source, rule: AnyRule, outcome: Outcome, rows: int) -> Violation:
    column = ", ".join(rule.columns) if isinstance(rule, Unique) else rule.column
    keys = dict.fromkeys(_key(source, row) for row in outcome.sample)
    bad_rows = rows if outcome.bad_rows is None else outcome.bad_rows
    return Violation(column, _demand(rule, outcome.observed), rule.severity, bad_rows, rows, tuple(keys)[:SAMPLES])


def _demand(rule: AnyRule, observed: Any) -> str:  # noqa: ANN401 - whatever a column holds
    """Return the rule in words."""
    match rule:
        case Fresh():
            newest = "there is no time" if observed is None else f"the newest is {_time(int(observed))}"
            return f"must have a time within the last {rule.hours:g} hours ({newest})"
        case Nulls():
            text = "must not be null"
        case Range():
            text = f"must be {Bound(min=rule.min, max=rule.max)}"
        case Allowed():
            text = f"must be one of {', '.join(map(str, rule.values))}"
        case Unique():
            text = "must be unique"
    return f"{text} (except for a share of {rule.at_most:.3g} of the rows)" if rule.at_most else text


def _key(source: Source, row: Mapping[str, Any]) -> str:
    """Return the keys of a row as text."""
    times = [name for name in source.keys if name in _times(source) and row[name] is not None]
    return ", ".join(f"{name}={_time(int(row[name])) if name in times else row[name]}" for name in source.keys)


def _time(micros: int) -> str:
    return f"{from_micros(micros):%Y-%m-%d %H:%M:%S}"
