"""The types in which a model gets its inputs: the same in training, in batches, and for a single request.

Numbers and booleans are doubles, with NaN for null. Text is `str`, with None for null. Dates and times are
`datetime64[ns]` in UTC, with NaT for null. Without this rule the type of a column would depend on whether the rows at
hand have a null.

This module travels inside each model, so it must not import other modules of the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from mlflow.types import ColSpec, DataType, Schema
from sklearn.base import BaseEstimator, TransformerMixin

Kind = Literal["number", "text", "time"]

# The Spark types that a model can get, and how the signature describes them. A column of bigint with a null becomes one
# of doubles on its way to the model, which MLflow does not accept for either type, so bigint is cast to double before.
KINDS: Mapping[str, Kind] = {
    "boolean": "number",
    "smallint": "number",
    "int": "number",
    "float": "number",
    "double": "number",
    "string": "text",
    "date": "time",
    "timestamp": "time",
}
_SIGNATURE = {"text": DataType.string, "time": DataType.datetime, "number": DataType.double}


def signature(types: Mapping[str, str]) -> Schema:
    """Return the columns of a model's signature, each of which may be null.

    Args:
        types: The Spark types of the inputs, all in `KINDS`, in order.
    """
    kinds = {name: DataType.boolean if kind == "boolean" else _SIGNATURE[KINDS[kind]] for name, kind in types.items()}
    return Schema([ColSpec(kind, name, required=False) for name, kind in kinds.items()])


def convert(rows: pd.DataFrame, kinds: Mapping[str, Kind]) -> pd.DataFrame:
    """Return the rows with the columns in `kinds` in the types in which a model gets them.

    Raises:
        ValueError: A value is not of its kind.
    """
    changed = {name: _convert(rows[name], kind) for name, kind in kinds.items() if not _fits(rows[name], kind)}
    return rows.assign(**changed) if changed else rows


def kinds_of(types: Mapping[str, str]) -> dict[str, Kind]:
    """Return the kinds of columns with these Spark types, as far as a model can get them."""
    return {name: KINDS[kind] for name, kind in types.items() if kind in KINDS}


def missing(rows: pd.DataFrame) -> pd.DataFrame:
    """Return converted rows without a single value: NaN, None or NaT."""
    return convert(rows.mask(np.ones(rows.shape, dtype=bool)), _kinds(rows))


class TypedModel:
    """A fitted model that gets its inputs in their types and in their order, whatever frame they come in.

    Attributes:
        inputs: Converts the frames.
        model: The project's own estimator; its methods, such as `predict_proba`, can be called with any such frame.
    """

    def __init__(self, inputs: ModelInputs, model: Any) -> None:  # noqa: ANN401 - an estimator of any library
        self.inputs = inputs
        self.model = model

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what the model has
        """Return a method of the model that converts the frame that it is called with, or another attribute."""
        if name.startswith("__") or "model" not in vars(self):  # while it is unpickled
            raise AttributeError(name)
        attribute = getattr(self.model, name)
        return (lambda rows: attribute(self.inputs.transform(rows))) if callable(attribute) else attribute


class ModelInputs(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """Gives the project's own estimator the columns in their types and in their order.

    Fitted to converted rows, it remembers the kind of each column, and converts whatever it gets later.

    Attributes:
        kinds_: The kind of each input, in order.
    """

    def fit(self, rows: pd.DataFrame, label: object = None) -> Self:  # noqa: ARG002 - scikit-learn's interface
        """Remember the columns of the rows."""
        self.kinds_ = _kinds(rows)
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the columns, converted, and null if the rows lack them."""
        names = list(self.kinds_)
        return convert(rows if list(rows.columns) == names else rows.reindex(columns=names), self.kinds_)


def _kinds(rows: pd.DataFrame) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {"f": "number", "M": "time"}
    return {str(name): kinds.get(rows[name].dtype.kind, "text") for name in rows.columns}


def _fits(column: pd.Series[Any], kind: Kind) -> bool:
    return kind == "number" and column.dtype == np.float64


def _convert(column: pd.Series[Any], kind: Kind) -> pd.Series[Any]:
    if kind == "number":
        known = column if column.dtype.kind in "iufb" else pd.to_numeric(column.astype("object").where(column.notna()))
        return known.astype("float64")
    if kind == "time":
        return pd.to_datetime(column, utc=True).dt.tz_localize(None).astype("datetime64[ns]")
    values: pd.Series[Any] = column.astype("object")
    values[column.isna()] = None
    return values
