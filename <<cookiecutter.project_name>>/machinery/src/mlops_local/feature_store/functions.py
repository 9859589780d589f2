"""The local counterpart of Unity Catalog functions: stored as files next to the tables, run on the engine's workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import types as T  # noqa: N812 - the usual alias
from pyspark.sql.types import StructField, StructType

from mlops.errors import ProjectError
from mlops.features.uc_function import Definition

from .feature_spec import FunctionCall
from .function_files import FunctionFiles
from .typed_frame import TypedFrame

# The types of a result in Spark and in Arrow.
_TYPES = {
    "double": (T.DoubleType(), pa.float64()),
    "bigint": (T.LongType(), pa.int64()),
    "string": (T.StringType(), pa.string()),
    "boolean": (T.BooleanType(), pa.bool_()),
    "timestamp": (T.TimestampType(), pa.timestamp("us", "UTC")),
    "date": (T.DateType(), pa.date32()),
}

Call = tuple[Definition, Sequence[str]]
Batches = Iterable[pa.RecordBatch]


@dataclass(frozen=True)
class LocalFunctions(FunctionFiles):
    """The functions of all schemas, for frames of Spark."""

    def call(self, rows: TypedFrame, steps: Sequence[FunctionCall]) -> TypedFrame:
        """Return the rows with the output of each function as a new column, computed in one pass over Arrow batches.

        A function may take the output of one before it.

        Raises:
            ProjectError: There is no such function, or an argument has the wrong type.
        """
        if not steps:
            return rows
        schema, calls = rows.schema, []
        for step in steps:
            definition = self.definition(step.name)
            _require_types(definition, step, {field.name: field.dataType.simpleString() for field in schema})
            calls.append((definition, [step.function.inputs[name] for name, _ in definition.parameters]))
            schema = StructType([*schema.fields, StructField(step.function.output, _TYPES[definition.returns][0])])
        return TypedFrame(rows.frame.mapInArrow(_on_batches(calls, schema.names), schema), schema)


def _require_types(definition: Definition, step: FunctionCall, types: Mapping[str, str]) -> None:
    for parameter, kind in definition.parameters:
        column = step.function.inputs[parameter]
        if types[column] != kind:
            raise ProjectError(
                f"the function {definition.function} takes {parameter} as {kind}, but {column} is {types[column]}: "
                "cast it in features.spine, or annotate the function accordingly."
            )


def _on_batches(calls: Sequence[Call], names: Sequence[str]) -> Callable[[Batches], Batches]:
    """Return what adds the results of the calls to each batch."""

    def add(batches: Batches) -> Batches:
        ready = [(call.compiled(), call.parameters, _TYPES[call.returns][1], columns) for call, columns in calls]
        for batch in batches:
            arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
            for (called, parameters, returns, columns), output in zip(ready, names[-len(ready) :], strict=True):
                inputs = [_values(arrays[column], kind) for column, (_, kind) in zip(columns, parameters, strict=True)]
                results = (
                    [called(*values) for values in zip(*inputs, strict=True)] if inputs else [called()] * len(batch)
                )
                arrays[output] = pa.array(results, returns)
            yield pa.RecordBatch.from_arrays(list(arrays.values()), list(names))

    return add


def _values(column: pa.Array, kind: str) -> list[Any]:
    """Return the values as a function gets them: null as None, and a time in UTC without a time zone."""
    if kind != "timestamp":
        values: list[Any] = column.to_pylist()
        return values
    micros = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    times: list[Any] = micros.fill_null(0).to_numpy().view("datetime64[us]").tolist()
    return [time if known else None for time, known in zip(times, micros.is_valid().to_pylist(), strict=True)]
