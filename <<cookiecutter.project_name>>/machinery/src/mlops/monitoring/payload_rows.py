"""Reads one logged request of an endpoint and its response. Pure: texts in, rows or a reason out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_NUMBERS = {"tinyint", "smallint", "int", "bigint"}
_FLOATS = {"float", "double", "decimal"}


class MalformedError(ValueError):
    """A request or a response that cannot be read; the message says why."""


@dataclass(frozen=True)
class Served:
    """One row of a request with its prediction.

    Attributes:
        values: The inputs that the request has, in the types of the log.
        prediction: A number, or the probability of each class.
    """

    values: Mapping[str, Any]
    prediction: tuple[float, ...]


def read(request: str | None, response: str | None, types: Mapping[str, str], classes: int) -> list[Served]:
    """Return the rows of a request with their predictions.

    Args:
        request: The body of the request: `dataframe_records`, `dataframe_split`, `instances` or `inputs`.
        response: The body of the response, with `predictions`.
        types: The Spark types of the inputs.
        classes: The number of classes of the model; 0 for regression.

    Raises:
        MalformedError: One of them cannot be read, or they do not belong together.
    """
    records = _records(_parse("request", request))
    predictions = _parse("response", response).get("predictions")
    if not isinstance(predictions, list):
        raise MalformedError("the response has no list of predictions")
    if len(predictions) != len(records):
        raise MalformedError(f"{len(records)} rows have {len(predictions)} predictions")
    return [
        Served(_values(record, types), _prediction(prediction, classes))
        for record, prediction in zip(records, predictions, strict=True)
    ]


def _parse(what: str, text: str | None) -> Mapping[str, Any]:
    if text is None:
        raise MalformedError(f"the {what} was not logged")
    try:
        document = json.loads(text)
    except ValueError:
        raise MalformedError(f"the {what} is not JSON") from None
    if not isinstance(document, dict):
        raise MalformedError(f"the {what} is not a JSON object")
    return document


def _records(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    split = body.get("dataframe_split")
    if isinstance(split, dict):
        columns, data = split.get("columns"), split.get("data")
        if not isinstance(columns, list) or not isinstance(data, list) or any(len(columns) != len(row) for row in data):
            raise MalformedError("dataframe_split does not have as many values as columns in each row")
        return [dict(zip(columns, row, strict=True)) for row in data]
    inputs = body.get("inputs")
    if isinstance(inputs, dict):
        lists = [value if isinstance(value, list) else [value] for value in inputs.values()]
        if len({len(values) for values in lists}) != 1:
            raise MalformedError("the lists of inputs differ in length")
        return [dict(zip(inputs, row, strict=True)) for row in zip(*lists, strict=True)]
    for name in ("dataframe_records", "instances", "inputs"):
        rows = body.get(name)
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            return rows
    raise MalformedError("the request has no rows with names of columns")


def _values(record: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for name, kind in types.items():
        if record.get(name) is None:
            continue
        try:
            values[name] = _converter(kind)(record[name])
        except (TypeError, ValueError, OverflowError):
            raise MalformedError(f"{name} is {str(record[name])[:40]!r}, not a {kind}") from None
    return values


def _converter(kind: str) -> Callable[[Any], Any]:
    base = kind.partition("(")[0]
    if base in _NUMBERS:
        return _whole
    if base in _FLOATS:
        return _number
    return {"boolean": _boolean, "timestamp": _time}.get(base, str)


def _number(value: Any) -> float:  # noqa: ANN401 - a JSON value
    if isinstance(value, bool | str):
        raise TypeError(value)
    return float(value)


def _whole(value: Any) -> int:  # noqa: ANN401 - a JSON value
    if not _number(value).is_integer():
        raise ValueError(value)
    return int(value)


def _boolean(value: Any) -> bool:  # noqa: ANN401 - a JSON value
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _time(value: Any) -> datetime:  # noqa: ANN401 - a JSON value
    time = datetime.fromisoformat(value)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _prediction(value: Any, classes: int) -> tuple[float, ...]:  # noqa: ANN401 - a JSON value
    shares: Sequence[Any] = value if isinstance(value, list) else [value]
    try:
        numbers = tuple(_number(share) for share in shares)
    except (TypeError, ValueError):
        raise MalformedError(f"the prediction {str(value)[:40]} is not a number") from None
    if len(numbers) != max(1, classes) or not all(map(math.isfinite, numbers)):
        raise MalformedError(
            f"the prediction {str(value)[:40]} is not {'a number' if not classes else f'{classes} numbers'}"
        )
    return numbers
