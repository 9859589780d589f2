"""Executes the cells of a notebook with what Databricks gives a notebook: `spark`, `display` and `dbutils.widgets`."""

from __future__ import annotations

import builtins
import contextlib
import io
import linecache
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from mlops.errors import ProjectError, first_line

from .cells import Cell

_MOST_ROWS = 1000  # of a Spark frame that is displayed
Shown = Any


@dataclass(frozen=True)
class Ran:
    """A cell with what it showed: texts, pandas frames and matplotlib figures, in order."""

    cell: Cell
    shown: list[Shown]


@dataclass(frozen=True)
class Widgets:
    """The widgets of a notebook: their values from the command line, else their defaults.

    Attributes:
        given: Values by name.
    """

    given: Mapping[str, str]
    values: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, default: str, label: str = "") -> None:  # noqa: ARG002 - the interface of Databricks
        """Define a widget."""
        self.values[name] = self.given.get(name, default)

    def get(self, name: str) -> str:
        """Return the value of a widget.

        Raises:
            ProjectError: The notebook does not define it.
        """
        if name not in self.values:
            raise ProjectError(f"the notebook has no widget {name!r}: define it with dbutils.widgets.text first.")
        return self.values[name]


@dataclass(frozen=True)
class DbUtils:
    """What of `dbutils` works on this machine."""

    widgets: Widgets


def run(
    cells: list[Cell],
    file: Path,
    spark: SparkSession,
    widgets: Mapping[str, str],
    on_cell: Callable[[Cell], None] = lambda _: None,
) -> list[Ran]:
    """Execute the cells in order, in the folder of the notebook, and return what each showed.

    Args:
        cells: The cells.
        file: The notebook, for messages and for the working folder.
        spark: The session that the notebook uses.
        widgets: Values of widgets by name.
        on_cell: Called with each cell of code before it runs.

    Raises:
        ProjectError: A cell fails; the message says in which line of the file.
    """
    shown: list[Shown] = []
    module = ModuleType("__main__")
    vars(module).update(spark=spark, display=shown.append, dbutils=DbUtils(Widgets(widgets)), __file__=str(file))
    results = []
    with _as_main(module), contextlib.chdir(file.parent), _path_kept():
        for cell in cells:
            shown.clear()
            if cell.kind == "code":
                on_cell(cell)
                _execute(cell, file, vars(module), shown)
            results.append(Ran(cell, [_taken(value) for value in shown]))
    return results


def _execute(cell: Cell, file: Path, names: dict[str, Any], shown: list[Shown]) -> None:
    # Empty lines before the code, so that tracebacks and messages have the lines of the file.
    code = compile("\n" * (cell.line - 1) + cell.text, str(file), "exec", dont_inherit=True)
    linecache.checkcache(str(file))
    output = _Said(shown)
    try:
        with contextlib.redirect_stdout(output):
            exec(code, names)  # noqa: S102 - a notebook of the project's own
    except ProjectError as error:
        raise ProjectError(f"{file.name}:{_line(error, file, cell)}: {error}") from error
    except Exception as error:
        raise ProjectError(f"{file.name}:{_line(error, file, cell)}: {first_line(error)}") from error


class _Said(io.TextIOBase):
    """Keeps what is printed between the other things that are shown."""

    def __init__(self, shown: list[Shown]) -> None:
        self.shown = shown

    def write(self, text: str) -> int:
        if self.shown and isinstance(self.shown[-1], str):
            self.shown[-1] += text
        else:
            self.shown.append(text)
        return len(text)


def _taken(value: Shown) -> Shown:
    """Return what is shown in a form that needs no engine: a Spark frame as its first rows."""
    return value.limit(_MOST_ROWS).toPandas() if isinstance(value, DataFrame) else value


def _line(error: BaseException, file: Path, cell: Cell) -> int:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return next((line for line in reversed(lines) if line), cell.line)


@contextlib.contextmanager
def _as_main(module: ModuleType) -> Iterator[None]:
    """Let functions that the notebook defines be pickled by value, as those of a main program are."""
    before = sys.modules["__main__"]
    sys.modules["__main__"] = module
    module.__builtins__ = builtins  # type: ignore[attr-defined] # every main module has them
    try:
        yield
    finally:
        sys.modules["__main__"] = before


@contextlib.contextmanager
def _path_kept() -> Iterator[None]:
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before
