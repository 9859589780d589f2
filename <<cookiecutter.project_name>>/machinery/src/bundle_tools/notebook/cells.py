"""Reads a notebook in Databricks' source format: a Python file whose comments say where its cells are.

Source: https://docs.databricks.com/notebooks/notebook-export-import (import and export source files).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlops.errors import ProjectError

_FIRST = "# Databricks notebook source"
_BREAK = re.compile(r"^# COMMAND -+[^\S\n]*$", re.MULTILINE)
_MAGIC = re.compile(r"^# MAGIC ?", re.MULTILINE)
_WORD = re.compile(r"\s*%(\w+)")
# Databricks needs these; on this machine, make setup has installed everything.
_LEFT_OUT = ("pip", "restart_python")


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook.

    Attributes:
        kind: Python code, Markdown, or commands that only Databricks needs.
        text: What is in it, without the comments of the format.
        line: The line of the file in which it begins, from 1.
    """

    kind: Literal["code", "markdown", "left out"]
    text: str
    line: int


def read(file: Path) -> list[Cell]:
    """Return the cells of a notebook that are not empty.

    Raises:
        ProjectError: There is no such file, it is not in this format, or a cell is in another language than Python.
    """
    if not file.is_file():
        raise ProjectError(f"there is no notebook {file}: give the path of one, such as notebooks/explore.py.")
    text = file.read_text(encoding="utf-8")
    first, _, rest = text.partition("\n")
    if first.rstrip() != _FIRST:
        raise ProjectError(f"{file} is not a notebook in Databricks' source format: its first line must be `{_FIRST}`.")
    return list(_cells(file, rest))


def _cells(file: Path, text: str) -> Iterator[Cell]:
    line, start = 2, 0
    for separator in [*_BREAK.finditer(text), None]:
        part = text[start : len(text) if separator is None else separator.start()]
        if part.strip():
            before = len(part) - len(part.lstrip("\n"))
            yield _cell(file, part.strip("\n"), line + before)
        if separator is not None:
            line += text.count("\n", start, separator.end())
            start = separator.end()


def _cell(file: Path, text: str, line: int) -> Cell:
    if not _MAGIC.match(text):
        return Cell("code", text, line)
    text = _MAGIC.sub("", text)
    word = _WORD.match(text)
    magic = word[1] if word else ""
    if word and magic == "md":
        return Cell("markdown", text[word.end() :].strip("\n"), line)
    if all(word[1] in _LEFT_OUT for row in text.splitlines() if row.strip() for word in [_WORD.match(row) or ("", "")]):
        return Cell("left out", text, line)
    raise ProjectError(
        f"{file}:{line}: a cell with %{magic} does not run on this machine: write it in Python, for example with "
        "spark.sql(...)."
    )
