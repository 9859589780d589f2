"""Copy a limited sample of the source table and its predictions to a schema that others may read."""

from __future__ import annotations

import logging

from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..training import training_set
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """Three-level names of the tables to copy, two-level name of the target schema, and the maximum number of rows."""

    source_table: str
    predictions_table: str
    snapshot_schema: str
    rows: int = Field(ge=1)


class Values(task.Values):
    """Where the snapshot is, and how many rows it holds."""

    snapshot_schema: str
    source_rows: int
    prediction_rows: int


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Replace the snapshot with a random sample of the source and the predictions of these rows, if there are any.

    The same source gives the same sample. The schema is created if it does not exist.

    Raises:
        ProjectError: The source is missing, or the snapshot would overwrite a table that it copies.
    """
    tables = platform.tables
    names = [f"{parameters.snapshot_schema}.{table.rsplit('.', maxsplit=1)[-1]}" for table in _copied(parameters)]
    if set(names) & set(_copied(parameters)) or len(set(names)) < len(names):
        raise ProjectError(
            f"the snapshot would write {' and '.join(names)}, but it copies one of them, or they are the same table: "
            "give another snapshot_schema."
        )
    sample = _sample(tables.read(parameters.source_table), parameters.rows)
    tables.create_schema(parameters.snapshot_schema)
    tables.overwrite(names[0], sample)
    kept = tables.read(names[0])
    count = 0
    if tables.exists(parameters.predictions_table):
        settings = project.config
        keys = training_set.spine(project, kept, names[0]).select(settings.spine.key)
        tables.overwrite(
            names[1], tables.read(parameters.predictions_table).join(keys, settings.spine.key, "left_semi")
        )
        count = tables.read(names[1]).count()
    values = Values(snapshot_schema=parameters.snapshot_schema, source_rows=kept.count(), prediction_rows=count)
    log.info("snapshot %s: %d rows, %d predictions", *values.model_dump().values())
    return values


def _copied(parameters: Parameters) -> tuple[str, str]:
    return parameters.source_table, parameters.predictions_table


def _sample(frame: DataFrame, rows: int) -> DataFrame:
    """Return at most `rows` rows, chosen by a hash of their content, so that they are random but the same each time."""
    return frame.orderBy(F.xxhash64(*frame.columns), *frame.columns).limit(rows)
