"""Reads the user's source file, parquet or CSV, with the types from the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from mlops.errors import ProjectError

_ARROW = {
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
    "double": pa.float64(),
    "float": pa.float32(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "string": pa.string(),
    "boolean": pa.bool_(),
}

# As text, because a guess may read the codes 007 as numbers, and dates among times as midnight.
_NOT_GUESSED = ("string", "timestamp", "date")

SUFFIXES = (".csv", ".parquet", ".pq")
_UTC = _ARROW["timestamp"]


def read(path: Path, columns: Mapping[str, str] | None) -> pa.Table:
    """Read the columns of a file, or all of them with their own types if `columns` is None.

    Times without a time zone are taken as UTC, and times in text must be ISO 8601. A date is not read as a time,
    because its time of day is unknown, and a time is not read as a date.

    Raises:
        ProjectError: The file is missing, empty or in another format, lacks a column, has a value of the wrong type, or
            is a CSV file, which has no types, without `columns`.
    """
    if columns is None and path.suffix.lower() == ".csv":
        raise ProjectError(
            f"source file {path} is for a feature table of another project, whose columns project.yml does not "
            "declare, and a CSV file has no types: give a parquet file with the types of the table."
        )
    if not path.is_file():
        raise ProjectError(f"source file {path} does not exist: give the path of a parquet or CSV file.")
    table = _readable(path, columns or {})
    missing = [name for name in columns or () if name not in table.column_names]
    if missing:
        raise ProjectError(
            f"source file {path} has no column {', '.join(missing)}: it has {', '.join(table.column_names)}, and "
            "project.yml lists the required columns."
        )
    if table.num_rows == 0:
        raise ProjectError(f"source file {path} has no rows: give a file with data.")
    if columns is None:
        return pa.table({name: _as_it_is(table[name]) for name in table.column_names})
    return pa.table({name: _cast(table[name], name, kind, path) for name, kind in columns.items()})


def _readable(path: Path, columns: Mapping[str, str]) -> pa.Table:
    try:
        if path.suffix.lower() == ".csv":
            return _csv(path, [name for name, kind in columns.items() if kind in _NOT_GUESSED])
        if path.suffix.lower() in SUFFIXES:
            return pyarrow.parquet.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        problem = " ".join(str(error).split()).rstrip(".")
        raise ProjectError(f"source file {path} cannot be read as {path.suffix[1:]}: {problem}.") from None
    raise ProjectError(f"source file {path} is neither .parquet nor .csv: convert it to one of them.")


def _csv(path: Path, texts: list[str]) -> pa.Table:
    """Read a CSV file with these columns, and those that are not what was guessed, as text; empty text is null."""
    options = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(texts, pa.string()))
    table = pyarrow.csv.read_csv(path, convert_options=options)
    for name in [field.name for field in table.schema if pa.types.is_string(field.type)]:
        column = table[name]
        filled = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
        table = table.set_column(table.column_names.index(name), name, filled)
    return table


def _as_it_is(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return _in_utc(column) if pa.types.is_timestamp(column.type) else column


def _cast(column: pa.ChunkedArray, name: str, kind: str, path: Path) -> pa.ChunkedArray:
    try:
        if kind == "timestamp":
            return _time(column)
        if kind == "date" and pa.types.is_timestamp(column.type):
            return _date(column)
        return column.cast(_ARROW[kind])
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        problem = " ".join(str(error).split()).rstrip(".")
        raise ProjectError(f"column {name} of source file {path} cannot be read as {kind}: {problem}.") from None


def _time(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_date(column.type):
        raise pa.ArrowInvalid("it holds dates without a time of day; declare it as date, or give times")
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return _in_utc(column)
    if pc.any(pc.match_substring_regex(column, r"^\s*\d{4}-\d{2}-\d{2}\s*$")).as_py():
        raise pa.ArrowInvalid("some values are dates without a time of day; give times such as 2026-01-31T08:30:00")
    try:
        return column.cast(_UTC)
    except pa.ArrowInvalid:  # the times have no offset
        return _in_utc(column.cast(pa.timestamp("us")))


def _in_utc(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type) and column.type.tz is None:
        column = column.cast(pa.timestamp("us"))
    return column.cast(_UTC)


def _date(column: pa.ChunkedArray) -> pa.ChunkedArray:
    times = column.cast(pa.timestamp("us", tz=column.type.tz))
    if not pc.all(pc.equal(times, pc.floor_temporal(times, unit="day"))).as_py():
        raise pa.ArrowInvalid("it holds times within the day; declare it as timestamp")
    return times.cast(pa.date32())
