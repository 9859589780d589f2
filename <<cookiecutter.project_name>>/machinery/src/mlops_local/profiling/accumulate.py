"""Summarises rows by time window, slice, model version and column: what each worker of Spark does with its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlops.profiling.base import TABLE
from mlops.profiling.windows import starts
from mlops.statistics.sketches import Sketch

from . import predictions
from .columns import Codes, of_numbers, of_texts
from .quality import QualitySums

TIME, MODEL = "_time", "_model"


class Group(NamedTuple):
    """The rows that a metric is computed for; the reference has no window, and all rows have no slice."""

    granularity: str | None
    start: int | None
    slice_key: str | None
    slice_value: str | None
    model: str


class Key(NamedTuple):
    """A column of the rows of a group."""

    group: Group
    column: str


@dataclass(frozen=True)
class Plan:
    """What to summarise.

    Attributes:
        numbers: The edges of the bins of each numeric column, ascending.
        texts: The columns with texts.
        granularities: The lengths of the windows; none for rows without time, as of the reference.
        slices: The column of the rows with the value of each slice expression.
        regression: Whether predictions are numbers, not classes.
        scale: A power of two for each numeric column, and for label and prediction, that no value exceeds by much, so
            that no square overflows.
    """

    numbers: Mapping[str, NDArray[np.float64]]
    texts: tuple[str, ...]
    granularities: tuple[str, ...]
    slices: Mapping[str, str]
    regression: bool
    scale: Mapping[str, float]


Summaries = dict[Key, Sketch | QualitySums]


def summarise(rows: pd.DataFrame, plan: Plan) -> Summaries:
    """Return a summary of every column, and of label and prediction, of every group of rows.

    Args:
        rows: The columns of the plan; TIME in microseconds; MODEL; LABEL and PREDICTION, numbers for regression and
            otherwise texts; and PROBABILITY, of the label.
        plan: What to summarise.
    """
    summaries: Summaries = {}
    for groups, chosen, codes in _views(rows, plan):
        part, count = rows[chosen], len(groups)
        columns: dict[str, list[Any]] = {
            **{
                name: of_numbers(part[name], codes, count, plan.numbers[name], plan.scale[name])
                for name in plan.numbers
            },
            **{name: of_texts(part[name], codes, count) for name in plan.texts},
            TABLE: _sums(part, codes, count, plan),
        }
        for name, sketches in columns.items():
            summaries.update({Key(group, name): sketch for group, sketch in zip(groups, sketches, strict=True)})
    return summaries


def _sums(rows: pd.DataFrame, codes: Codes, count: int, plan: Plan) -> list[Any]:
    if not plan.regression:
        return predictions.of_classes(rows, codes, count)
    scale = max(plan.scale[predictions.LABEL], plan.scale[predictions.PREDICTION])
    return predictions.of_numbers(rows, codes, count, scale)


def merge(into: Summaries, other: Summaries) -> None:
    """Add summaries to others, in place."""
    for key, sketch in other.items():
        there: Any = into.get(key)
        into[key] = sketch if there is None else there + sketch


def _views(rows: pd.DataFrame, plan: Plan) -> Iterator[tuple[list[Group], NDArray[np.bool_], Codes]]:
    """Yield for each granularity and slice its groups, which rows belong to one, and the number of the group of each.

    A row whose slice expression has no value belongs to no group of that slice.
    """
    models, no_value = rows[MODEL].astype(str), pd.Series(None, rows.index, dtype=object)
    for granularity in plan.granularities or (None,):
        times = rows[TIME].to_numpy(dtype=np.int64)
        window = np.zeros(len(rows), np.int64) if granularity is None else starts(times, granularity)
        for key, column in [(None, None), *plan.slices.items()]:
            frame = pd.DataFrame(
                {"window": window, "value": no_value if column is None else rows[column], "model": models}
            )
            chosen = (frame["value"].notna() | (column is None)).to_numpy()
            frame = frame[chosen]
            codes = frame.groupby(list(frame), dropna=False, sort=False).ngroup().to_numpy().astype(np.int64)
            groups = [
                Group(granularity, None if granularity is None else int(start), key, value if key else None, model)
                for start, value, model in frame.drop_duplicates().itertuples(index=False)
            ]
            if groups:
                yield groups, chosen, codes
