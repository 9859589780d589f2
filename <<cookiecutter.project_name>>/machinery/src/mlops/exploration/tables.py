"""Small tables about large frames: what the columns are, and their summary statistics, by aggregates on Spark."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..config.features import is_foreign
from ..config.load import ProjectConfig

NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "boolean")
_QUARTILES = [0.25, 0.5, 0.75]
_MEASURES = ("rows", "missing", "distinct", "mean", "std", "min", "q25", "median", "q75", "max", "first", "last")


def roles(config: ProjectConfig) -> pd.DataFrame:
    """Return what each column of a row is for, from the configuration: one line a column."""
    spine = config.spine
    columns = [(spine.key, "key", "identifies the row")]
    columns += [(spine.event_time, "event time", "when the prediction is made")]
    columns += [(name, "input", "comes with the request") for name in spine.inputs]
    for lookup in config.lookups:
        owner = "another project's table" if is_foreign(lookup.table) else "table"
        origin = f"newest row of {owner} {lookup.table} by {', '.join(lookup.keys)} at the event time"
        columns += [(name, "looked up", origin) for name in lookup.outputs]
    for function in config.functions:
        columns.append(
            (function.output, "computed", f"function {function.function} of {', '.join(function.inputs.values())}")
        )
    columns.append((config.label, "label", f"what is predicted ({config.problem_type}, {config.metric})"))
    return pd.DataFrame(columns, columns=["column", "role", "what it is"])


def summary(frame: DataFrame, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the summary statistics of columns, one line each, from one pass over the frame.

    Numbers have all of them, texts and other types only their counts, times also the first and the last. NaN counts as
    missing. `distinct` is estimated (HyperLogLog++, about 5 percent).

    Args:
        frame: Any rows.
        columns: The columns; all by default.
    """
    types = dict(frame.dtypes)
    names = list(types if columns is None else columns)
    wanted = {
        (place, measure): aggregate for place, name in enumerate(names) for measure, aggregate in _of(name, types[name])
    }
    (row,) = frame.agg(
        *[aggregate.alias(f"{measure}_{place}") for (place, measure), aggregate in wanted.items()]
    ).collect()
    lines = [{measure: row[f"{measure}_{place}"] for p, measure in wanted if p == place} for place in range(len(names))]
    table = pd.DataFrame([_tidy(line) for line in lines], columns=list(_MEASURES))
    table.insert(0, "type", [types[name] for name in names])
    table.insert(0, "column", names)
    table.insert(4, "missing %", (100 * table["missing"] / table["rows"].clip(lower=1)).round(2))
    return table.dropna(axis="columns", how="all")


def without_nan(name: str, kind: str) -> Column:
    """Return the values of a column of this type without NaN; a boolean is 1 or 0."""
    column = F.col(f"`{name}`")
    if kind not in NUMBERS:
        return column
    number = column.cast("double")
    return F.when(number.isNotNull() & ~F.isnan(number), number)


def _of(name: str, kind: str) -> list[tuple[str, Column]]:
    value = without_nan(name, kind)
    measures = [
        ("rows", F.count(F.lit(1))),
        ("missing", F.count(F.lit(1)) - F.count(value)),
        # As text, because not every engine counts numbers.
        ("distinct", F.approx_count_distinct(value.cast("string"))),
    ]
    if kind in NUMBERS:
        measures += [("mean", F.mean(value)), ("std", F.stddev(value)), ("quartiles", F.percentile(value, _QUARTILES))]
        measures += [("min", F.min(value)), ("max", F.max(value))]
    if kind in {"timestamp", "date"}:
        # Columns of their own, because a notebook of Databricks shows no column of numbers and times.
        measures += [("first", F.min(value).cast("timestamp")), ("last", F.max(value).cast("timestamp"))]
    return measures


def _tidy(line: dict[str, object]) -> dict[str, object]:
    quartiles = line.pop("quartiles", None)
    return {**line, **dict(zip(("q25", "median", "q75"), quartiles or [], strict=False))}  # type: ignore[call-overload] # a list
