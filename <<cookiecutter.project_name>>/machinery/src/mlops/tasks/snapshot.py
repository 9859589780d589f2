"""Copy limited samples of the source tables and their predictions to a schema that others may read."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..sources.sources import Sources
from ..training import training_set
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """The tables to copy, the two-level name of the target schema, and the maximum number of rows of each table."""

    source_tables: str
    predictions_table: str
    snapshot_schema: str
    rows: int = Field(ge=1)


class Values(task.Values):
    """Where the snapshot is, its tables in the form of the variable `source_tables`, and how many rows it holds."""

    snapshot_schema: str
    source_tables: str
    source_rows: int
    prediction_rows: int


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Replace the snapshot with random samples of the sources and the predictions of these rows, if there are any.

    A source with at most `rows` rows is copied whole. The same source gives the same sample. The schema is created if
    it does not exist.

    Raises:
        ProjectError: A source is missing, or the snapshot would overwrite a table that it copies.
    """
    tables, settings = platform.tables, project.config
    sources = Sources.of(parameters.source_tables, settings.sources, tables)
    names = _names(parameters, [*sources.names.values(), parameters.predictions_table])
    samples = {names[table]: _sample(sources.frame(name), parameters.rows) for name, table in sources.names.items()}
    tables.create_schema(parameters.snapshot_schema)
    for name, sample in samples.items():
        tables.overwrite(name, sample)
    copies = Sources(tables, {name: names[table] for name, table in sources.names.items()})
    count = 0
    if tables.exists(parameters.predictions_table):
        key, copied = settings.spine.key, names[parameters.predictions_table]
        keys = training_set.spine(project, copies).select(key)
        tables.overwrite(copied, tables.read(parameters.predictions_table).join(keys, key, "left_semi"))
        count = tables.read(copied).count()
    rows = sum(copies.frame(name).count() for name in copies.names)
    log.info("snapshot %s: %d rows, %d predictions", parameters.snapshot_schema, rows, count)
    return Values(
        snapshot_schema=parameters.snapshot_schema,
        source_tables=str(copies),
        source_rows=rows,
        prediction_rows=count,
    )


def _names(parameters: Parameters, tables: Sequence[str]) -> dict[str, str]:
    """Return the name of the copy of each table."""
    names = {table: f"{parameters.snapshot_schema}.{table.rsplit('.', maxsplit=1)[-1]}" for table in tables}
    if set(names.values()) & set(tables) or len(set(names.values())) < len(tables):
        raise ProjectError(
            f"the snapshot would write {' and '.join(names.values())}, but it copies one of them, or two of them are "
            "the same table: give another snapshot_schema."
        )
    return names


def _sample(frame: DataFrame, rows: int) -> DataFrame:
    """Return at most `rows` rows, chosen by a hash of their content, so that they are random but the same each time."""
    return frame.orderBy(F.xxhash64(*frame.columns), *frame.columns).limit(rows)
