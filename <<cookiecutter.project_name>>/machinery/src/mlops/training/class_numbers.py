"""The label of a multiclass problem as class numbers: the place of its value in `classes` of project.yml, from 0."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..errors import ProjectError

_SHOWN = 5
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double")


def with_class_numbers(settings: ProjectConfig, rows: DataFrame) -> DataFrame:
    """Return the rows with the class number instead of the label, null where there is no label.

    Other problem types keep their rows as they are.

    Raises:
        ProjectError: A label is not among the classes.
    """
    if settings.problem_type != "multiclass":
        return rows
    kind = dict(rows.dtypes)[settings.label]
    label = F.col(settings.label)
    if kind in {"float", "double"}:
        label = F.when(~F.isnan(label), label)
    number = F.coalesce(*[F.when(same, F.lit(float(place))) for place, same in enumerate(_same(settings, label, kind))])
    unknown = rows.where(label.isNotNull() & number.isNull()).groupBy(F.col(settings.label)).count()
    examples = unknown.orderBy(F.desc("count"), settings.label).limit(_SHOWN).collect()
    if examples:
        shown = ", ".join(f"{row[0]} ({row['count']} rows)" for row in examples)
        known = ", ".join(str(known_label) for known_label in settings.classes)
        raise ProjectError(
            f"the label {settings.label} has values that are not among the classes {known}: {shown}. Add them to "
            "classes in project.yml, or correct features.spine."
        )
    return rows.withColumn(settings.label, number)


def with_class_names(settings: ProjectConfig, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the classes instead of their numbers, for multiclass problems."""
    if settings.problem_type != "multiclass":
        return rows
    classes = np.array(settings.classes, dtype=object)
    return rows.assign(**{settings.label: classes[rows[settings.label].to_numpy(dtype=np.intp)]})


def _same(settings: ProjectConfig, label: Column, kind: str) -> list[Column]:
    """Return the conditions that the label is each of the classes."""
    if kind in _NUMBERS and all(isinstance(known_label, int) for known_label in settings.classes):
        return [label.cast("double") == F.lit(float(known_label)) for known_label in settings.classes]
    return [label.cast("string") == F.lit(str(known_label)) for known_label in settings.classes]
