"""Computes the inputs of a model for single requests: looks them up in the online store, and calls functions.

It does what Databricks' model serving does with a packaged model (databricks-feature-lookup 1.17): a lookup finds the
newest features of a key, whatever the time of the request and the lookback of the lookup; a key that is not in the
store gives nulls; a lookup key of the request must not be null; and a value that the request has itself is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import pandas as pd
from mlflow.types import DataType

from mlops.errors import ProjectError

from .feature_spec import FeatureSpec, FunctionCall, Step, TableLookup
from .function_files import FunctionFiles
from .online_store import OnlineStore

Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class OnlineFeatures:
    """How the rows of a request get their features.

    Attributes:
        spec: The lookups and functions.
        types: The types in which the model takes its inputs.
        store: The online store.
        functions: The functions.
    """

    spec: FeatureSpec
    types: Mapping[str, DataType]
    store: OnlineStore
    functions: FunctionFiles

    def added_to(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the model's inputs, in order.

        Args:
            rows: The rows of a request; null values of features are looked up or computed.

        Raises:
            ProjectError: A lookup key is null, a feature table is not published, or a function does not exist.
        """
        given: Columns = {str(name): _values(rows[name]) for name in rows.columns}
        self._require_keys(given)
        # A null is no value of its own, so such a column must not keep its step from running.
        known = [name for name, values in given.items() if name in self.spec.request or None not in values]
        values_by_name = dict(given)
        for step in self.spec.steps(known):
            for name, values in self._run(step, values_by_name).items():
                own = given.get(name, [None] * len(values))
                values_by_name[name] = [new if old is None else old for old, new in zip(own, values, strict=True)]
        return pd.DataFrame(
            {
                name: rows[name] if name in known else _column(values_by_name[name], self.types[name], rows.index)
                for name in self.spec.features
            }
        )

    def _run(self, step: Step, columns: Columns) -> Columns:
        if isinstance(step, TableLookup):
            keys = list(zip(*[columns[name] for name in step.lookup.keys], strict=True))
            features = self.store.look_up(step.name, keys, step.lookup.features)
            return {name: list(values) for name, values in zip(step.outputs, zip(*features, strict=True), strict=True)}
        return {step.function.output: self._call(step, columns)}

    def _call(self, step: FunctionCall, columns: Columns) -> list[Any]:
        called, parameters = _compile(self.functions, step.name)
        arguments = [
            [_argument(value, kind) for value in columns[step.function.inputs[name]]] for name, kind in parameters
        ]
        rows = len(next(iter(columns.values())))
        return [called(*values) for values in zip(*arguments, strict=True)] if arguments else [called()] * rows

    def _require_keys(self, given: Columns) -> None:
        steps: list[Step] = [*self.spec.lookups, *self.spec.functions]
        computed = {name for step in steps for name in step.outputs}
        for step in self.spec.lookups:
            if null := [name for name in step.inputs if name not in computed and None in given.get(name, [])]:
                raise ProjectError(f"the lookup key {null[0]} of {step.name} is null: give each row a value.")


@cache
def _compile(functions: FunctionFiles, name: str) -> tuple[Callable[..., Any], tuple[tuple[str, str], ...]]:
    """Return a function and its parameters; what a name stands for never changes."""
    definition = functions.definition(name)
    return definition.compiled(), definition.parameters


def _values(column: pd.Series[Any]) -> list[Any]:
    """Return the values as Python's own types, null as None, and a time in UTC without a time zone."""
    if column.dtype.kind == "M":
        zoned = pd.to_datetime(column, utc=True).dt.tz_localize(None)
        return [None if null else value.to_pydatetime() for value, null in zip(zoned, zoned.isna(), strict=True)]
    values: list[Any] = column.tolist()
    return [None if null else value for value, null in zip(values, column.isna(), strict=True)]


def _argument(value: Any, kind: str) -> Any:  # noqa: ANN401 - a value of any type
    """Return a value in the type that a function takes."""
    if value is None:
        return None
    if kind == "date" and isinstance(value, datetime):
        return value.date()
    return {"double": float, "bigint": int, "boolean": bool}.get(kind, lambda argument: argument)(value)


def _column(values: Sequence[Any], kind: DataType, index: pd.Index[Any]) -> pd.Series[Any]:
    """Return the values in the type in which MLflow takes them: numbers are doubles, times are in UTC."""
    if kind == DataType.datetime:
        whole = [datetime.combine(value, datetime.min.time()) if type(value) is date else value for value in values]
        return pd.Series(pd.to_datetime(whole), index).astype("datetime64[ns]")
    if kind in {DataType.string, DataType.boolean}:
        is_known = kind == DataType.boolean and None not in values
        return pd.Series(values, index, dtype="bool" if is_known else "object")
    return pd.Series(values, index, dtype="float64")
