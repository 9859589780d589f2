"""Reads rows from a JSON file, for the tools that predict them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops.errors import ProjectError


def read(file: Path) -> Sequence[Mapping[str, Any]]:
    """Return the rows of a file with a row, or a list of rows.

    Raises:
        ProjectError: There is no such file, or it does not hold rows.
    """
    if not file.is_file():
        raise ProjectError(f"file {file} does not exist: give the path of a JSON file with a row.")
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ProjectError(f"{file} is not valid JSON ({error}): write a row as {{column: value}}.") from None
    rows: list[Any] = given if isinstance(given, list) else [given]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ProjectError(f"{file} does not hold a row: write {{column: value}}, or a list of several.")
    return rows


def split(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return the columns and the values of rows as `dataframe_split` has them; what a row lacks is null."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return {"columns": columns, "data": [[row.get(name) for name in columns] for row in rows]}
