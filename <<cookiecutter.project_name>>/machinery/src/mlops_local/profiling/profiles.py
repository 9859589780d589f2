"""The local counterpart of Databricks' data profiling: writes the same metric tables, computed on Spark's workers."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql.types import BinaryType, StructField, StructType

from mlops.profiling.base import ProfileSpec, Refresh
from mlops.tables import Tables, frame_of

from . import metric_rows, metric_tables
from .accumulate import Plan, Summaries, merge, summarise
from .own_metrics import add_own_metrics
from .prepare import Prepared, prepare

_SUMMARIES = StructType([StructField("found", BinaryType())])
_ROWS = 200_000  # how many rows a worker summarises at once
_SKETCHES = 1000  # how many summaries, of some 10 kB, a worker sends at once
# Spark Connect's client and Sail's server take messages of 128 MiB (MAX_MESSAGE_LENGTH in pyspark's channel builder).
_MESSAGE = 48 * 1024 * 1024


@dataclass(frozen=True)
class LocalProfiler:
    """Computes the metrics of the whole log anew: in one pass over the log and one over the reference.

    A pass over samples of both comes first, for the edges of the bins.

    Attributes:
        tables: Reads the log and the reference, and writes the metric tables.
    """

    tables: Tables

    def refresh(self, spec: ProfileSpec) -> Refresh:
        """Replace the metric tables."""
        log = self.tables.read(spec.table)
        reference = self.tables.read(spec.reference) if spec.reference and self.tables.exists(spec.reference) else None
        prepared = prepare(spec, log, reference)
        of_log = metric_rows.with_all_models(summaries(prepared.log, prepared.plan))
        of_reference = _of_reference(prepared)
        profile: Iterable[metric_rows.Row] = chain(
            metric_rows.profile(spec, of_log, prepared.plan.numbers, "INPUT"),
            metric_rows.profile(spec, of_reference, prepared.plan.numbers, "BASELINE"),
        )
        if spec.metrics:
            profile = add_own_metrics(spec, log, profile)
        columns = metric_tables.profile_columns(
            spec.model_version, spec.metrics, regression=spec.problem_type == "regression"
        )
        count = self._write(spec.profile_table, profile, columns)
        drift = metric_rows.drift(spec, of_log, of_reference, prepared.plan.numbers)
        self._write(spec.drift_table, drift, metric_tables.drift_columns(spec.model_version))
        return Refresh("done", f"{count} rows of metrics")

    def _write(self, name: str, rows: Iterable[metric_rows.Row], columns: Mapping[str, str]) -> int:
        """Replace a table by these rows, in one step, and return how many there are.

        Rows that do not fit into one message to the engine are first gathered in another table.
        """
        parts, staged = batches(rows), f"{name}_staged"
        first = next(parts, [])
        count = len(first)
        for number, part in enumerate(parts):
            if number == 0:
                self.tables.overwrite(staged, self._frame(first, columns))
            self.tables.append(staged, self._frame(part, columns))
            count += len(part)
        several = count > len(first)
        self.tables.overwrite(name, self.tables.read(staged) if several else self._frame(first, columns))
        if several:
            self.tables.drop(staged)
        return count

    def _frame(self, rows: Iterable[metric_rows.Row], columns: Mapping[str, str]) -> DataFrame:
        return frame_of(self.tables.spark, (tuple(row.get(column) for column in columns) for row in rows), columns)


def batches(rows: Iterable[metric_rows.Row]) -> Iterator[list[metric_rows.Row]]:
    """Yield the rows in lists, each of which fits into one message to the engine."""
    batch: list[metric_rows.Row] = []
    size = 0
    for row in rows:
        row_size = metric_rows.size(row)
        if batch and size + row_size > _MESSAGE:
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += row_size
    if batch:
        yield batch


def summaries(rows: DataFrame, plan: Plan) -> Summaries:
    """Return the summaries of all rows; each worker sends those of its own rows."""

    def work(parts: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        partial: Summaries = {}
        for part in _large(parts):
            merge(partial, summarise(part, plan))
        for chunk in _chunks(partial):
            yield pd.DataFrame({"found": [pickle.dumps(chunk)]})

    total: Summaries = {}
    for row in rows.mapInPandas(work, _SUMMARIES).collect():
        merge(total, pickle.loads(row["found"]))  # noqa: S301 - what the workers have just written
    return total


def _chunks(found: Summaries) -> Iterator[Summaries]:
    """Yield parts of the summaries, each small enough for one message."""
    items = iter(found.items())
    while chunk := dict(islice(items, _SKETCHES)):
        yield chunk


def _of_reference(prepared: Prepared) -> Summaries:
    if prepared.reference is None:
        return {}
    all_rows = summaries(prepared.reference, prepared.reference_plan)
    return {key: sketch for key, sketch in metric_rows.with_all_models(all_rows).items() if key.group.model == "*"}


def _large(parts: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Join small parts, so that each is worth its fixed costs."""
    waiting: list[pd.DataFrame] = []
    for part in parts:
        waiting.append(part)
        if sum(map(len, waiting)) >= _ROWS:
            yield pd.concat(waiting, ignore_index=True)
            waiting = []
    if waiting:
        yield pd.concat(waiting, ignore_index=True)
