"""Brings a log and its reference into the form that is summarised, and plans the bins of their numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mlops.errors import ProjectError
from mlops.profiling.base import ProfileSpec

from .accumulate import MODEL, TIME, Plan
from .columns import power_of_two
from .predictions import LABEL, PREDICTION, PROBABILITY

_SAMPLE = 40_000  # rows of each table whose quantiles become edges of bins
_EDGES = 64  # quantiles of each table
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")
_TEXTS = ("string", "boolean")


@dataclass(frozen=True)
class Prepared:
    """What is summarised.

    Attributes:
        log: The rows of the log.
        reference: The rows of the reference; None if there is none.
        plan: How the log is summarised.
        reference_plan: How the reference is summarised: in the same bins, but not in windows.
    """

    log: DataFrame
    reference: DataFrame | None
    plan: Plan

    @property
    def reference_plan(self) -> Plan:
        """The plan of the log, without windows."""
        return replace(self.plan, granularities=())


def prepare(spec: ProfileSpec, log: DataFrame, reference: DataFrame | None) -> Prepared:
    """Return the rows to summarise, and the plan.

    Raises:
        ProjectError: A slice or a column does not fit the log.
    """
    kinds = {name: kind.partition("(")[0] for name, kind in log.dtypes}
    if missing := [name for name in (*spec.columns, spec.label, spec.timestamp) if name not in kinds]:
        raise ProjectError(f"table {spec.table} has no column {', '.join(missing)}, which monitoring reads.")
    numbers = [name for name in spec.columns if kinds[name] in _NUMBERS]
    texts = tuple(name for name in spec.columns if kinds[name] in _TEXTS)
    slices = {expression: f"_slice_{number}" for number, expression in enumerate(spec.slices)}
    regression = spec.problem_type == "regression"
    chosen = [
        *[F.col(name).cast("double").alias(name) for name in numbers],
        *[F.col(name).cast("string").alias(name) for name in texts],
        *[F.expr(expression).cast("string").alias(name) for expression, name in slices.items()],
        *_of_predictions(spec, regression=regression),
    ]
    rows = log.select(F.unix_micros(spec.timestamp).alias(TIME), *chosen).where(F.col(TIME).isNotNull())
    reference_rows = (
        None if reference is None else _like(log, reference).select(F.lit(0).cast("bigint").alias(TIME), *chosen)
    )
    samples = [_sample(frame, spec) for frame in (log, reference) if frame is not None]
    scaled = [*numbers, *([spec.label, spec.prediction] if regression else [])]
    quantiles = [_quantiles(sample, scaled) for sample in samples]
    edges = {name: _edges([of_sample[name] for of_sample in quantiles]) for name in scaled}
    scale = {name: power_of_two(edges[name]) for name in scaled}
    if regression:
        scale |= {LABEL: scale[spec.label], PREDICTION: scale[spec.prediction]}
    plan = Plan(
        numbers={name: edges[name] for name in numbers},
        texts=texts,
        granularities=spec.granularities,
        slices=slices,
        regression=regression,
        scale=scale,
    )
    return Prepared(rows, reference_rows, plan)


def _of_predictions(spec: ProfileSpec, *, regression: bool) -> list[Column]:
    kind = "double" if regression else "string"
    probability = F.lit(None)
    if spec.probabilities is not None:
        probability = F.element_at(spec.probabilities, F.col(spec.label))
    return [
        F.col(spec.model_version).alias(MODEL),
        F.col(spec.label).cast(kind).alias(LABEL),
        F.col(spec.prediction).cast(kind).alias(PREDICTION),
        probability.cast("double").alias(PROBABILITY),
    ]


def _like(log: DataFrame, reference: DataFrame) -> DataFrame:
    """Return the reference with the columns of the log; those that it lacks are null."""
    missing = [field for field in log.schema.fields if field.name not in reference.columns]
    return reference.select("*", *[F.lit(None).cast(field.dataType).alias(field.name) for field in missing])


def _sample(frame: DataFrame, spec: ProfileSpec) -> DataFrame:
    """Return about _SAMPLE rows, chosen by their key, so that they are the same each time."""
    every = max(1, frame.count() // _SAMPLE)
    if every == 1:
        return frame
    return frame.where(F.crc32(F.col(spec.key).cast("string").cast("binary")) % every == 0)


def _quantiles(sample: DataFrame, columns: Sequence[str]) -> Mapping[str, Sequence[float]]:
    shares = ", ".join(repr(number / (_EDGES - 1)) for number in range(_EDGES))
    percentiles = [
        F.expr(f"percentile(CASE WHEN abs(`{name}`) < double('Infinity') THEN double(`{name}`) END, array({shares}))")
        for name in columns
        if name in sample.columns
    ]
    names = [name for name in columns if name in sample.columns]
    row = (
        sample.agg(*[percentile.alias(name) for percentile, name in zip(percentiles, names, strict=True)]).first()
        if names
        else None
    )
    return {name: (row[name] if row is not None and name in names else None) or () for name in columns}


def _edges(quantiles: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    values = [value for of_sample in quantiles for value in of_sample if value is not None and math.isfinite(value)]
    return np.unique(np.array(values, dtype=np.float64))
