"""Settings of the data contract: the columns of a source table, and the rules that its rows must meet."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ..errors import did_you_mean
from .strict import Settings

ColumnType = Literal["timestamp", "date", "double", "float", "int", "bigint", "string", "boolean"]


class Rule(Settings):
    """One rule of the data contract; `fail` stops the features job before it writes, `warn` is only logged."""

    severity: Literal["warn", "fail"] = "fail"


class Nulls(Rule):
    """At most the share `at_most` of the rows has no value (null or NaN) in the column."""

    rule: Literal["nulls"]
    column: str
    at_most: float = Field(default=0, ge=0, le=1)


class Range(Rule):
    """The values of the column lie in the range, bounds included, except for at most the share `at_most` of them."""

    rule: Literal["range"]
    column: str
    min: float | None = None
    max: float | None = None
    at_most: float = Field(default=0, ge=0, le=1)

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        return self


class Allowed(Rule):
    """The values of the column are among `values`, except for at most the share `at_most` of them."""

    rule: Literal["allowed"]
    column: str
    values: tuple[str | int | float | bool, ...] = Field(min_length=1)
    at_most: float = Field(default=0, ge=0, le=1)


class Unique(Rule):
    """No two rows have the same values in these columns, except for at most the share `at_most` of the rows."""

    rule: Literal["unique"]
    columns: tuple[str, ...] = Field(min_length=1)
    at_most: float = Field(default=0, ge=0, le=1)


class Fresh(Rule):
    """The newest time in the column is at most `hours` hours old."""

    rule: Literal["fresh"]
    column: str
    hours: float = Field(gt=0)


AnyRule = Annotated[Nulls | Range | Allowed | Unique | Fresh, Field(discriminator="rule")]


class Source(Settings):
    """The contract with one source table; the bundle variable `source_tables` names the table.

    Attributes:
        columns: The columns that the project reads, with their Spark types.
        keys: The columns that identify a row in messages about a broken rule.
        rules: The rules that the values must meet.
    """

    columns: dict[str, ColumnType] = Field(min_length=1)
    keys: tuple[str, ...] = Field(min_length=1)
    rules: tuple[AnyRule, ...] = ()

    @model_validator(mode="after")
    def _columns_are_known(self) -> Self:
        named = [
            column_name
            for rule in self.rules
            for column_name in getattr(rule, "columns", None) or (getattr(rule, "column", ""),)
        ]
        for column in (*self.keys, *named):
            if column not in self.columns:
                raise ValueError(f"{column!r} is not among the columns{did_you_mean(column, self.columns)}")
        for rule in self.rules:
            if isinstance(rule, Fresh) and self.columns[rule.column] not in {"timestamp", "date"}:
                raise ValueError(f"the rule fresh needs a time, but {rule.column!r} is {self.columns[rule.column]}")
        return self
