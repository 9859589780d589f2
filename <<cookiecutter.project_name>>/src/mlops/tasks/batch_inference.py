"""Score the rows that have no prediction yet, using the champion."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from pyspark.sql import functions as F

from ..errors import ProjectError
from ..features.sources import Sources
from ..inference.batch import score, unscored
from ..platform.base import Platform
from ..project import Project
from ..registry import CHAMPION, Registry, uri
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """Where to read rows and features, which model to use, and where to write predictions."""

    source_tables: str
    schema_name: str
    model_name: str
    predictions_table: str


class Values(task.Values):
    """Which version scored the rows, and how many rows it scored."""

    model_version: str
    rows_scored: int


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Append predictions for the source rows whose keys are not in the predictions table yet.

    Raises:
        ProjectError: There is no champion, or a source or a feature table is missing.
    """
    settings = project.config
    champion = Registry(parameters.model_name).champion()
    if champion is None:
        raise ProjectError(
            f"model {parameters.model_name} has no version with the alias {CHAMPION}: run the training job first."
        )
    version = str(champion.version)
    sources = Sources.of(parameters.source_tables, settings.sources, platform.tables)
    new = unscored(project, sources, parameters.predictions_table)
    count = new.count()
    if count:
        store = platform.feature_store(parameters.schema_name, settings.feature_tables)
        scored = score(settings, store, uri(parameters.model_name, version), new).withColumns(
            {
                "model_name": F.lit(parameters.model_name),
                "model_version": F.lit(version),
                "run_id": F.lit(champion.run_id),
                "scored_at": F.lit(datetime.now(UTC)),
            }
        )
        platform.tables.merge(parameters.predictions_table, scored, [settings.spine.key], update=False)
    log.info("version %s scored %d rows", version, count)
    return Values(model_version=version, rows_scored=count)
