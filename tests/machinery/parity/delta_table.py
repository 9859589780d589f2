"""A replacement for `delta.tables.DeltaTable` in plain SQL, limited to what the client uses.

Delta's own class needs a plugin in the Spark Connect server, which is not available on Maven Central.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self
from uuid import uuid4

from pyspark.sql import DataFrame, SparkSession


class DeltaTable:
    """A Delta table by name."""

    def __init__(self, spark: SparkSession, name: str) -> None:
        self._spark, self._name, self._alias = spark, name, name
        self._source, self._update, self._insert = "", "", ""

    @classmethod
    def forName(cls, spark: SparkSession, name: str) -> Self:  # noqa: N802 - the vendor's name
        """Return the table with this name; raise AnalysisException if it is not a Delta table."""
        table = cls(spark, name)
        table.detail()
        return table

    def toDF(self) -> DataFrame:  # noqa: N802 - likewise
        """Return its rows."""
        return self._spark.table(self._name)

    def detail(self) -> DataFrame:
        """Return one row with the table's format, location, partition columns and clustering columns."""
        return self._spark.sql(f"DESCRIBE DETAIL {self._name}")

    def history(self) -> DataFrame:
        """Return one row per commit."""
        return self._spark.sql(f"DESCRIBE HISTORY {self._name}")

    def alias(self, name: str) -> Self:
        """Set the alias of the table for the expressions of a merge."""
        self._alias = name
        return self

    def merge(self, source: DataFrame, condition: str) -> Self:
        """Begin a merge; the source already has an alias."""
        view = f"merge_{uuid4().hex}"
        source.createOrReplaceTempView(view)
        self._source = f"{view} AS {_alias(condition, self._alias)} ON {condition}"
        return self

    def whenNotMatchedInsert(self, values: Mapping[str, Any]) -> Self:  # noqa: N802 - likewise
        """Insert a row. A value that is not SQL text is the client's null literal, so its column can be left out."""
        given = {column: value for column, value in values.items() if isinstance(value, str)}
        columns, expressions = ", ".join(given), ", ".join(given.values())
        self._insert = f" WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({expressions})"  # noqa: S608 - the client's
        return self

    def whenMatchedUpdate(self, set: Mapping[str, str]) -> Self:  # noqa: A002, N802 - likewise
        """Update the columns of a row."""
        assignments = ", ".join(f"{column} = {value}" for column, value in set.items())
        self._update = f" WHEN MATCHED THEN UPDATE SET {assignments}"
        return self

    def execute(self) -> None:
        """Run the merge."""
        # SQL requires this order of the clauses.
        clauses = self._update + self._insert
        self._spark.sql(f"MERGE INTO {self._name} AS {self._alias} USING {self._source}{clauses}")


def _alias(condition: str, target: str) -> str:
    """Return the other alias in a condition such as `a.key = b.key`; a Spark Connect frame does not reveal its own."""
    left, right = condition.split(" AND ", maxsplit=1)[0].split(" = ")
    return next(side.split(".")[0] for side in (left, right) if not side.startswith(f"{target}."))
