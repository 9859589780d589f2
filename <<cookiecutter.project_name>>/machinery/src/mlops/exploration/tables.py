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
    found = [(spine.key, "key", "identifies the row")]
    found += [(spine.event_time, "event time", "when the prediction is made")]
    found += [(name, "input", "comes with the request") for name in spine.inputs]
    for lookup in config.lookups:
        owner = "another project's table" if is_foreign(lookup.table) else "table"
        how = f"newest row of {owner} {lookup.table} by {', '.join(lookup.keys)} at the event time"
        found += [(name, "looked up", how) for name in lookup.outputs]
    for one in config.functions:
        found.append((one.output, "computed", f"function {one.function} of {', '.join(one.inputs.values())}"))
    found.append((config.label, "label", f"what is predicted ({config.problem_type}, {config.metric})"))
    return pd.DataFrame(found, columns=["column", "role", "what it is"])


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
    wanted = {(place, measure): one for place, name in enumerate(names) for measure, one in _of(name, types[name])}
    (row,) = frame.agg(*[one.alias(f"{measure}_{place}") for (place, measure), one in wanted.items()]).collect()
    lines = [{measure: row[f"{measure}_{place}"] for p, measure in wanted if p == place} for place in range(len(names))]
    found = pd.DataFrame([_tidy(line) for line in lines], columns=list(_MEASURES))
    found.insert(0, "type", [types[name] for name in names])
    found.insert(0, "column", names)
    found.insert(4, "missing %", (100 * found["missing"] / found["rows"].clip(lower=1)).round(2))
    return found.dropna(axis="columns", how="all")


def known(name: str, kind: str) -> Column:
    """Return the values of a column of this type without NaN; a boolean is 1 or 0."""
    column = F.col(f"`{name}`")
    if kind not in NUMBERS:
        return column
    number = column.cast("double")
    return F.when(number.isNotNull() & ~F.isnan(number), number)


def _of(name: str, kind: str) -> list[tuple[str, Column]]:
    value = known(name, kind)
    found = [
        ("rows", F.count(F.lit(1))),
        ("missing", F.count(F.lit(1)) - F.count(value)),
        # As text, because not every engine counts numbers.
        ("distinct", F.approx_count_distinct(value.cast("string"))),
    ]
    if kind in NUMBERS:
        found += [("mean", F.mean(value)), ("std", F.stddev(value)), ("quartiles", F.percentile(value, _QUARTILES))]
        found += [("min", F.min(value)), ("max", F.max(value))]
    if kind in {"timestamp", "date"}:
        # Columns of their own, because a notebook of Databricks shows no column of numbers and times.
        found += [("first", F.min(value).cast("timestamp")), ("last", F.max(value).cast("timestamp"))]
    return found


def _tidy(line: dict[str, object]) -> dict[str, object]:
    quartiles = line.pop("quartiles", None)
    return {**line, **dict(zip(("q25", "median", "q75"), quartiles or [], strict=False))}  # type: ignore[call-overload] # a list
