"""Check the source table, create the functions of on-demand features, and bring every feature table up to date."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from pydantic import field_validator
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ..config.features import FeatureTable, Increment
from ..errors import ProjectError, did_you_mean
from ..features import data_contract, incremental, on_demand
from ..features.definition import definition_digest
from ..features.incremental import Progress, Span
from ..features.run_log import FeatureRuns
from ..features.times import from_micros
from ..platform.base import Platform
from ..project import Project
from ..training.training_set import require_columns
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """Where to read and write, and what to compute.

    Attributes:
        source_table: Three-level name of the source table.
        schema_name: Two-level name of the schema of the feature tables.
        since: Recompute feature rows from this ISO 8601 time, or all of them (`all`), besides the rows that are new;
            empty for only the new rows.
        online_store: The online store to publish the feature tables to; empty for none.
        online_store_capacity: Its size, used if it has to be created.
    """

    source_table: str
    schema_name: str
    since: str = ""
    online_store: str = ""
    online_store_capacity: str = "CU_1"

    @field_validator("since")
    @classmethod
    def _since_is_a_time(cls, text: str) -> str:
        try:
            incremental.asked(text)
        except ValueError:
            raise ValueError("give an ISO 8601 time such as 2026-01-31T00:00, or all, or leave it empty") from None
        return text


class Values(task.Values):
    """The feature tables that were written, and the on-demand functions, each separated by commas."""

    feature_tables: str
    functions: str


@dataclass(frozen=True)
class _Work:
    """A feature table: the rows to write, and the progress to record once they are written."""

    name: str
    frame: DataFrame
    span: Span
    progress: Progress | None


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Compute the new rows of each feature table, and merge them into it.

    Raises:
        ProjectError: The source breaks its contract, or a function is missing or wrong; then nothing is written.
    """
    settings = project.config
    source = platform.tables.read(parameters.source_table)
    data_contract.enforce(settings.source, source, parameters.source_table)
    store = platform.feature_store(parameters.schema_name, settings.feature_tables)
    definitions = on_demand.definitions(settings.functions, project.functions)
    runs = FeatureRuns(platform.tables, parameters.schema_name)
    work = [_work(name, project, parameters, source, runs) for name in settings.feature_tables]
    functions = store.register(definitions.values())
    for one in work:
        log.info("feature table %s: computing %s (%s)", one.name, _extent(one.span), one.span.reason)
        store.write_table(one.name, one.frame, replace=one.span.replace)
        if one.progress is not None:
            runs.record(one.name, one.progress, one.span)
        if parameters.online_store:
            store.publish_table(one.name, parameters.online_store, parameters.online_store_capacity)
    tables = [f"{parameters.schema_name}.{one.name}" for one in work]
    return Values(feature_tables=",".join(tables), functions=",".join(functions))


def _work(name: str, project: Project, parameters: Parameters, source: DataFrame, runs: FeatureRuns) -> _Work:
    """Decide which rows of a feature table to compute, and define them."""
    table = project.config.feature_tables[name]
    compute = project.feature_tables.get(name)
    if compute is None:
        hint = did_you_mean(name, project.feature_tables)
        raise ProjectError(f"features.py has no function {name}{hint}: add it, or remove the table from project.yml.")
    increment = table.increment
    if increment is None:
        whole = incremental.span(None, None, "", "", None)
        return _Work(name, _checked(compute(source), name, table), whole, None)
    last, definition = runs.last(name), definition_digest(compute, table)
    until, settled = _times(source, increment, last)
    decided = incremental.span(increment, last, parameters.source_table, definition, settled)
    chosen = incremental.wider(decided, incremental.asked(parameters.since))
    frame = compute(_since(source, increment.source_time, chosen.source_since(increment)))
    frame = _since(_checked(frame, name, table), str(table.event_time), chosen.since)
    if until is None:
        return _Work(name, frame, chosen, None)
    rows = source.where(_before(increment.source_time, incremental.settled_before(increment, until))).count()
    return _Work(name, frame, chosen, Progress(parameters.source_table, definition, until, rows))


def _checked(frame: DataFrame, name: str, table: FeatureTable) -> DataFrame:
    require_columns(frame.columns, table.primary_keys, f"the frame of features.{name}")
    return frame


def _times(source: DataFrame, increment: Increment, last: Progress | None) -> tuple[datetime | None, int | None]:
    """Return the newest time in the source, and the number of rows older than the last run's `settled_before`."""
    counts = [F.max(F.unix_micros(F.col(increment.source_time)))]
    if last is not None:
        before = _before(increment.source_time, incremental.settled_before(increment, last.until))
        counts.append(F.count(F.when(before, 1)))
    until, *settled = source.select(*counts).collect()[0]
    return None if until is None else from_micros(until), settled[0] if settled else None


def _since(frame: DataFrame, column: str, since: datetime | None) -> DataFrame:
    return frame if since is None else frame.where(~_before(column, since))


def _before(column: str, time: datetime) -> Column:
    return F.unix_micros(F.col(column)) < F.lit(round(time.timestamp() * 1_000_000))


def _extent(span: Span) -> str:
    return "all rows" if span.since is None else f"rows since {span.since:%Y-%m-%d %H:%M:%S}"
