"""Reads and writes tables by their three-level names, with the same code on Databricks and on the local engine."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession, types
from pyspark.sql import functions as F

from .errors import ProjectError

_MISSING = ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND")
_TYPES: Mapping[str, types.DataType] = {
    "binary": types.BinaryType(),
    "boolean": types.BooleanType(),
    "double": types.DoubleType(),
    "int": types.IntegerType(),
    "bigint": types.LongType(),
    "string": types.StringType(),
    "timestamp": types.TimestampType(),
}


def quote(name: str) -> str:
    """Return a dotted name with each part in backticks, as SQL needs it for names such as `ml-dev`."""
    return ".".join(f"`{part}`" for part in name.split("."))


def _is_news(record: logging.LogRecord) -> bool:
    """Return whether a log record says more than that a table is not there, which is an answer, not an error."""
    error = record.exc_info[1] if record.exc_info else None
    return not any(condition in str(error) for condition in _MISSING)


# The Connect client logs each error that the server returns, before anybody can handle it.
logging.getLogger("pyspark.sql.connect.logging").addFilter(_is_news)


def frame_of(spark: SparkSession, rows: Iterable[Sequence[Any]], columns: Mapping[str, str]) -> DataFrame:
    """Return a frame of a few rows.

    Spark Connect asks the server to read a schema that is text, and later what the frame's columns are; it does neither
    for a schema of simple types.

    Args:
        spark: A Spark session.
        rows: The rows, each with a value for each column.
        columns: The SQL type of each column, by its name.
    """
    schema: str | types.StructType = ", ".join(f"`{name}` {kind}" for name, kind in columns.items())
    if all(kind in _TYPES for kind in columns.values()):
        schema = types.StructType([types.StructField(name, _TYPES[kind]) for name, kind in columns.items()])
    return spark.createDataFrame([tuple(row) for row in rows], schema)


_GONE = "__gone"


@dataclass(frozen=True)
class Tables:
    """Reads and writes Delta tables.

    What a table is like is asked once, and remembered for as long as this object lives, which is one task: each
    question is a request to Databricks. If another process drops or changes a table meanwhile, the statement that
    meets it fails.

    Attributes:
        spark: A Spark session; only features of Spark Connect are used.
        locate: Returns the path of a new table; None lets the catalog decide, as for managed tables of Unity Catalog.
        version_of: Returns the current version of a Delta table.
    """

    spark: SparkSession
    locate: Callable[[str], str] | None
    version_of: Callable[[str], str]
    _known: dict[str, DataFrame | None] = field(default_factory=dict, repr=False, compare=False)

    def forget(self) -> None:
        """Ask again what every table is like: another task begins."""
        self._known.clear()

    def exists(self, name: str) -> bool:
        """Return whether the table exists.

        Raises:
            AnalysisException: It may not be read.
        """
        return self._look_up(name) is not None

    def _look_up(self, name: str, version: str = "") -> DataFrame | None:
        """Return the table, or None if there is none. It is looked up once."""
        key = f"{name}@{version}" if version else name
        if key not in self._known:
            # https://docs.databricks.com/aws/en/data-governance/unity-catalog/abac/time-travel: "versionAsOf option"
            reader = self.spark.read.option("versionAsOf", version) if version else self.spark
            self._known[key] = self._existing(reader.table(quote(name)))
        return self._known[key]

    @staticmethod
    def _existing(frame: DataFrame) -> DataFrame | None:
        try:
            frame.schema  # noqa: B018 - asks the catalog; Spark Connect looks a table up no earlier
        except AnalysisException as error:
            if any(condition in str(error) for condition in _MISSING):
                return None
            raise
        return frame

    def create_schema(self, name: str) -> None:
        """Create a schema (two-level name) if it does not exist."""
        self._run(f"CREATE SCHEMA IF NOT EXISTS {quote(name)}")

    def read(self, name: str, version: str = "") -> DataFrame:
        """Return the table.

        Args:
            name: The table.
            version: The version to read, as `version` returned it; the newest if it is empty, or no number because the
                table, such as a view, has no versions.

        Raises:
            ProjectError: There is no such table.
            AnalysisException: It may not be read, or the version is gone.
        """
        frame = self._look_up(name, version if version.isdigit() else "")
        if frame is None:
            raise ProjectError(f"table {name} does not exist: run the job that writes it first, or correct its name.")
        return frame

    def version(self, name: str) -> str:
        """Return the current version of the table."""
        return self.version_of(name)

    def overwrite(self, name: str, frame: DataFrame) -> None:
        """Replace the whole table, including its columns."""
        self._write(name, frame, "overwrite")

    def append(self, name: str, frame: DataFrame) -> None:
        """Append the rows. Create the table if it does not exist, and add columns that are new.

        Raises:
            ProjectError: A column of the table has another type, as in `merge`.
        """
        if self.exists(name):
            self._write(name, self._align(name, frame), "append")
        else:
            self._create(name, frame)

    def merge(self, name: str, frame: DataFrame, keys: Sequence[str], *, update: bool, within: str = "") -> None:
        """Insert the rows whose keys are new. Create the table if it does not exist, and add columns that are new.

        Args:
            name: The table.
            frame: Rows with unique, non-null keys.
            keys: The columns that identify a row.
            update: Whether existing rows with the same keys are updated (True) or left unchanged (False).
            within: An SQL condition on the table, named `t`, that holds for every row with one of these keys: the
                rest of the table is not searched.

        Raises:
            ProjectError: The table has no such keys.
        """
        if not self.exists(name):
            self._create(name, frame)
            return
        self._require_keys(name, keys)
        frame = self._align(name, frame)
        matched = "WHEN MATCHED THEN UPDATE SET *" if update else ""
        self._merge(name, frame, keys, f"{matched} WHEN NOT MATCHED THEN INSERT *", within)

    def exchange(self, name: str, frame: DataFrame, gone: DataFrame, keys: Sequence[str], *, within: str) -> None:
        """Insert the rows whose keys are new, and delete those with the keys in `gone`, in one transaction.

        Args:
            name: The table, which exists.
            frame: Rows with unique, non-null keys.
            gone: The keys of rows of the table, none of which is in the frame.
            keys: The columns that identify a row.
            within: As in `merge`.

        Raises:
            ProjectError: The table has no such keys.
        """
        self._require_keys(name, keys)
        frame = self._align(name, frame)
        flagged = frame.withColumn(_GONE, F.lit(False)).unionByName(  # noqa: FBT003 - a literal of Spark
            _with_columns_of(frame, gone).select(*frame.columns).withColumn(_GONE, F.lit(True))  # noqa: FBT003 - as above
        )
        columns = [f"`{column}`" for column in frame.columns]
        insert = f"INSERT ({', '.join(columns)}) VALUES ({', '.join(f'u.{column}' for column in columns)})"  # noqa: S608 - names
        clauses = f"WHEN MATCHED AND u.{_GONE} THEN DELETE WHEN NOT MATCHED AND NOT u.{_GONE} THEN {insert}"
        self._merge(name, flagged, keys, clauses, within)

    def remove(self, name: str, frame: DataFrame, keys: Sequence[str]) -> None:
        """Delete the rows of the table whose keys are in the frame."""
        self._merge(name, frame.select(*keys).distinct(), keys, "WHEN MATCHED THEN DELETE")

    def retain(self, name: str, frame: DataFrame, keys: Sequence[str]) -> None:
        """Delete the rows of the table whose keys are not in the frame."""
        self._merge(name, frame, keys, "WHEN NOT MATCHED BY SOURCE THEN DELETE")

    def drop(self, name: str) -> None:
        """Drop the table, if it exists, with its rows."""
        self._run(f"DROP TABLE IF EXISTS {quote(name)}")
        self._known[name] = None
        if self.locate is not None:  # dropping leaves the files of a table that has a path
            shutil.rmtree(self.locate(name), ignore_errors=True)

    def delete(self, name: str, condition: str) -> None:
        """Delete the rows that meet an SQL condition."""
        self._run(f"DELETE FROM {quote(name)} WHERE {condition}")  # noqa: S608 - conditions are the project's own

    def update(self, name: str, assignments: str) -> None:
        """Change all rows, by the assignments of an SQL UPDATE."""
        self._run(f"UPDATE {quote(name)} SET {assignments}")  # noqa: S608 - assignments are the project's own

    def _align(self, name: str, frame: DataFrame) -> DataFrame:
        """Return the frame with the columns of the table, null where it lacks them.

        Columns that only the frame has are first added to the table.
        """
        table = self.read(name)
        _require_types(name, dict(table.dtypes), frame)
        if set(frame.columns) == set(table.columns):
            return frame
        if set(frame.columns) - set(table.columns):
            self.overwrite(name, _with_columns_of(frame, table))
            table = self.read(name)
        return _with_columns_of(table, frame).select(*table.columns)

    def _require_keys(self, name: str, keys: Sequence[str]) -> None:
        there = self.read(name).columns
        if missing := [key for key in keys if key not in there]:
            raise ProjectError(
                f"table {name} has no column {', '.join(missing)}, which now identifies its rows: it was written with "
                "other keys. Name another table in databricks.yml, or drop this one; until then it is kept."
            )

    def _merge(self, name: str, frame: DataFrame, keys: Sequence[str], clauses: str, within: str = "") -> None:
        same = " AND ".join([*(f"t.`{key}` = u.`{key}`" for key in keys), *([f"({within})"] if within else [])])
        into, on = (part.replace("{", "{{").replace("}", "}}") for part in (quote(name), f"{same} {clauses}"))
        self.spark.sql(f"MERGE INTO {into} t USING {{frame}} u ON {on}", frame=frame)

    def _run(self, statement: str) -> None:
        self.spark.sql(statement)  # a command is executed here; collecting its result would be another execution

    def _create(self, name: str, frame: DataFrame) -> None:
        """Create a table with these rows, in one step; on Databricks it fails if another process was faster."""
        self._write(name, frame, "error" if self.locate is None else "append")

    def _write(self, name: str, frame: DataFrame, mode: str) -> None:
        writer = frame.write.format("delta").mode(mode)
        if mode == "overwrite":
            writer = writer.option("overwriteSchema", "true")
        if self.locate is not None:
            writer = writer.option("path", self.locate(name))
        writer.saveAsTable(quote(name))
        if mode == "overwrite" or not self._known.get(name):
            self._known[name] = self.spark.table(quote(name))  # its columns are asked for when somebody needs them


def _require_types(name: str, there: Mapping[str, str], frame: DataFrame) -> None:
    changed = [
        f"{column} is {there[column]} there, but {kind} now"
        for column, kind in frame.dtypes
        if there.get(column, kind) != kind
    ]
    if changed:
        raise ProjectError(
            f"table {name} has columns of other types: {', '.join(changed)}. Give the columns other names, or name "
            "another table in databricks.yml; the old table is kept."
        )


def _with_columns_of(other: DataFrame, frame: DataFrame) -> DataFrame:
    """Return the frame plus the columns that only the other frame has: null, with the other frame's types."""
    missing = [field for field in other.schema.fields if field.name not in frame.columns]
    return frame.select("*", *[F.lit(None).cast(field.dataType).alias(field.name) for field in missing])
