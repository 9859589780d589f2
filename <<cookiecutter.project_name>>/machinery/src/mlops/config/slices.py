"""Tries the conditions of slices when the configuration is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pandas as pd

_MOST_TEXTS = 6  # columns in the condition of a slice


def try_condition(name: str, where: str, columns: list[str], event_time: str) -> None:
    """Evaluate the condition of a slice on two rows, so that a mistake is found before the training.

    The configuration does not say which columns are text, so a condition need only suit one mixture of types.

    Args:
        name: The slice.
        where: The condition.
        columns: The columns of the held-out rows.
        event_time: The one of them that holds times.

    Raises:
        ValueError: The condition cannot be evaluated, or is not true or false for each row.
    """
    selected: object = None
    for texts in _texts(where, columns):
        values: dict[str, list[Any]] = {name: ["a", "b"] if name in texts else [0.0, 1.0] for name in columns}
        rows = pd.DataFrame(values)
        rows[event_time] = pd.to_datetime(["2000-01-01", "2000-01-02"], utc=True)
        try:
            selected = rows.eval(where)
        except Exception as error:  # noqa: BLE001 - whatever pandas makes of the text
            problem = error
            continue
        break
    else:
        known = f"; put text into quotes, and choose from the columns {', '.join(columns)}"
        hint = known if "not defined" in str(problem) else ""
        raise ValueError(f"validation.slices.{name}.where: {where!r} cannot be evaluated ({problem}){hint}")
    if not (isinstance(selected, pd.Series) and selected.dtype == bool):
        raise ValueError(
            f"validation.slices.{name}.where: {where!r} is not true or false for each row: compare columns with "
            "values, such as distance >= 5"
        )


def _texts(where: str, columns: list[str]) -> Iterator[set[str]]:
    """Yield sets of the columns in a condition that may be text: none first, then each one, then pairs and so on."""
    named = [column for column in columns if column in where][:_MOST_TEXTS]
    for count in range(len(named) + 1):
        yield from map(set, combinations(named, count))
