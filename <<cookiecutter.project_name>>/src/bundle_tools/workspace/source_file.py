"""Reads the user's source file, parquet or CSV, with the types from the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
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


def read(path: Path, columns: Mapping[str, str]) -> pa.Table:
    """Read the columns of a file; times without a time zone are taken as UTC.

    Raises:
        ProjectError: The file is missing, empty or in another format, lacks a column, or has a value of the wrong type.
    """
    if not path.is_file():
        raise ProjectError(f"source file {path} does not exist: give the path of a parquet or CSV file.")
    table = _readable(path)
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise ProjectError(
            f"source file {path} has no column {', '.join(missing)}: it has {', '.join(table.column_names)}, and "
            "project.yml lists the required columns."
        )
    if table.num_rows == 0:
        raise ProjectError(f"source file {path} has no rows: give a file with data.")
    return pa.table({name: _cast(table[name], name, kind, path) for name, kind in columns.items()})


def _readable(path: Path) -> pa.Table:
    try:
        if path.suffix.lower() == ".csv":
            return pyarrow.csv.read_csv(path)
        if path.suffix.lower() in {".parquet", ".pq"}:
            return pyarrow.parquet.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        problem = " ".join(str(error).split()).rstrip(".")
        raise ProjectError(f"source file {path} cannot be read as {path.suffix[1:]}: {problem}.") from None
    raise ProjectError(f"source file {path} is neither .parquet nor .csv: convert it to one of them.")


def _cast(column: pa.ChunkedArray, name: str, kind: str, path: Path) -> pa.ChunkedArray:
    try:
        if kind == "timestamp" and pa.types.is_timestamp(column.type) and column.type.tz is None:
            column = column.cast(pa.timestamp("us"))
        return column.cast(_ARROW[kind])
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        problem = " ".join(str(error).split()).rstrip(".")
        raise ProjectError(f"column {name} of source file {path} cannot be read as {kind}: {problem}.") from None
