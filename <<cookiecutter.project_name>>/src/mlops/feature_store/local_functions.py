"""The local counterpart of Unity Catalog functions: stored as files next to the tables, run on the engine's workers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..errors import ProjectError
from ..features.uc_function import Definition
from .feature_spec import FunctionCall

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - functions get times in UTC without a time zone


@dataclass(frozen=True)
class LocalFunctions:
    """The functions of all schemas.

    Attributes:
        folder: The folder of the functions: `folder/catalog/schema/functions/name.json`.
    """

    folder: Path

    def create(self, schema: str, definition: Definition) -> str:
        """Store a version of a function if it does not exist yet; return its three-level name."""
        name = f"{schema}.{definition.name}"
        file = self._file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_text(definition.to_json(), encoding="utf-8")
        return name

    def call(self, frame: DataFrame, step: FunctionCall) -> DataFrame:
        """Return the frame with the output of a function as a new column.

        Raises:
            ProjectError: There is no such function, or an argument has the wrong type.
        """
        file = self._file(step.name)
        if not file.exists():
            raise ProjectError(
                f"function {step.name} does not exist: run the features job, which creates the functions of "
                "functions.py."
            )
        definition, types = Definition.from_json(file.read_text(encoding="utf-8")), dict(frame.dtypes)
        arguments = []
        for parameter, kind in definition.parameters:
            column = step.function.inputs[parameter]
            if types[column] != kind:
                raise ProjectError(
                    f"the function {definition.function} takes {parameter} as {kind}, but {column} is {types[column]}: "
                    "cast it in features.spine, or annotate the function accordingly."
                )
            arguments.append(_as_argument(F.col(column), kind))
        return frame.withColumn(step.function.output, F.udf(_on_row(definition), definition.returns)(*arguments))

    def _file(self, name: str) -> Path:
        catalog, schema, function = name.split(".")
        return self.folder / catalog / schema / "functions" / f"{function}.json"


def _as_argument(column: Column, kind: str) -> Column:
    return F.unix_micros(column) if kind == "timestamp" else column


def _on_row(definition: Definition) -> Any:  # noqa: ANN401 - whatever the function returns
    """Return the function for Spark. Times are passed as microseconds, because a worker would use its own time zone."""
    called = definition.compiled()
    times = [kind == "timestamp" for _, kind in definition.parameters]

    def on_row(*values: Any) -> Any:  # noqa: ANN401 - as the function takes and returns
        return called(
            *(
                _EPOCH + timedelta(microseconds=value) if is_time and value is not None else value
                for value, is_time in zip(values, times, strict=True)
            )
        )

    return on_row
