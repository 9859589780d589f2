"""The table of predictions: which rows lack one, and how new ones are written so that each row gets one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..errors import ProjectError
from ..sources.times import from_micros
from ..tables import Tables

Policy = Literal["new", "replace", "beside"]


@dataclass(frozen=True)
class Between:
    """The event times of the rows at hand, bounds included: the table is only searched there."""

    first: datetime
    last: datetime

    @classmethod
    def of_micros(cls, first: int, last: int) -> Between:
        """Return the times from microseconds since 1970."""
        return cls(from_micros(first), from_micros(last))

    def column(self, name: str) -> Column:
        """Return the condition on a column of the table."""
        return F.expr(self.sql(f"`{name}`"))

    def sql(self, name: str) -> str:
        """Return the condition in SQL, with literals that let Delta skip files."""
        return f"{name} >= {_literal(self.first)} AND {name} <= {_literal(self.last)}"

    def with_those(self, other: Between) -> Between:
        """Return the times of these rows and of others."""
        return Between(min(self.first, other.first), max(self.last, other.last))

    def wider(self, hours: float) -> Between:
        """Return the same with this many hours before and after."""
        return Between(self.first - timedelta(hours=hours), self.last + timedelta(hours=hours))


@dataclass(frozen=True)
class Predictions:
    """The predictions of a project. A row is identified by its key, beside other versions by key and version.

    Attributes:
        tables: Reads and writes the table.
        name: Three-level name of the table.
        key: The column that identifies a row.
        event_time: The column with the time of the prediction.
    """

    tables: Tables
    name: str
    key: str
    event_time: str

    def exists(self) -> bool:
        """Return whether there is a table of predictions."""
        return self.tables.exists(self.name)

    def require_key(self, rows: DataFrame) -> None:
        """Make sure that the predictions have the key of these rows.

        Raises:
            ProjectError: The table has another key, or its key has another type.
        """
        ours, theirs = dict(rows.dtypes)[self.key], dict(self.tables.read(self.name).dtypes).get(self.key)
        if ours != theirs:
            raise ProjectError(
                f"table {self.name} has {f'the key {self.key} as {theirs}' if theirs else f'no column {self.key}'}, "
                f"but project.yml identifies rows by {self.key} ({ours}): it has predictions of an earlier version of "
                "the project. Give the variable predictions_table another name in databricks.yml; the old table is "
                "kept."
            )

    def lacking(self, rows: DataFrame, between: Between, version: str | None = None) -> DataFrame:
        """Return the rows without a prediction, or without one of this version."""
        if not self.exists():
            return rows
        known = self._rows_between(between)
        if version is not None:
            known = known.where(F.col("model_version") == version)
        return rows.join(known.select(self.key), [self.key], "left_anti")

    def write(self, scored: DataFrame, rows: DataFrame, between: Between, version: str, policy: Policy) -> None:
        """Insert predictions in one transaction, each only if there is none yet, so that it may be repeated.

        Args:
            scored: The predictions; their keys are unique.
            rows: The rows that they are of.
            between: The event times of the rows.
            version: The version that made them.
            policy: `new` inserts rows without any prediction. `beside` inserts rows without one of this version.
                `replace` does the same, and deletes the predictions of other versions for these rows.
        """
        within, keys = between.sql(f"t.`{self.event_time}`"), [self.key, "model_version"]
        if policy == "replace" and self.exists():
            others = self._rows_between(between).where(F.col("model_version") != version).select(*keys)
            gone = others.join(rows.select(self.key), [self.key], "left_semi")
            self.tables.exchange(self.name, scored, gone, keys, within=within)
            return
        self.tables.merge(self.name, scored, keys if policy == "beside" else keys[:1], update=False, within=within)

    def of_run(self, run: str, between: Between) -> DataFrame:
        """Return the predictions that a run has made."""
        return self._rows_between(between).where(F.col("scoring_run") == run)

    def _rows_between(self, between: Between) -> DataFrame:
        return self.tables.read(self.name).where(between.column(self.event_time))


def _literal(time: datetime) -> str:
    return f"TIMESTAMP '{time:%Y-%m-%d %H:%M:%S.%f}+00:00'"
