"""Score the rows that have no prediction yet with the champion."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark user knows

from .. import config, training_set
from ..config import ProjectConfig
from ..errors import ProjectError
from ..platform import Platform
from ..registry import CHAMPION, Registry, uri
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """Where to read rows and features, which model scores, and where predictions go."""

    source_table: str
    schema_name: str
    model_name: str
    predictions_table: str


class Values(task.Values):
    """Which version scored how many rows."""

    model_version: str
    rows_scored: int


def run(parameters: Parameters, platform: Platform) -> Values:
    """Append predictions for the rows of the source whose key is not in the predictions table yet.

    Raises:
        ProjectError: There is no champion, or the source or a feature table is missing.
    """
    settings = config.load()
    champion = Registry(parameters.model_name).champion()
    if champion is None:
        raise ProjectError(
            f"model {parameters.model_name} has no version with the alias {CHAMPION}: run the training job first."
        )
    version = str(champion.version)
    new = _unscored(settings, parameters, platform)
    count = new.count()
    if count:
        scored = _score(settings, parameters, platform, new, version).withColumns(
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


def _unscored(settings: ProjectConfig, parameters: Parameters, platform: Platform) -> DataFrame:
    source = platform.tables.read(parameters.source_table)
    rows = training_set.spine(settings, source, parameters.source_table)
    if not platform.tables.exists(parameters.predictions_table):
        return rows
    scored = platform.tables.read(parameters.predictions_table).select(settings.spine.key)
    return rows.join(scored, [settings.spine.key], "left_anti")


def _score(
    settings: ProjectConfig, parameters: Parameters, platform: Platform, new: DataFrame, version: str
) -> DataFrame:
    """Let the model look its features up and predict; keep what the request brings, its features and the prediction."""
    store = platform.feature_store(parameters.schema_name)
    classifies = settings.problem_type == "classification"
    result_type = "array<double>" if classifies else "double"
    scored = store.score_batch(uri(parameters.model_name, version), new.select(*settings.request), result_type)
    return scored.withColumn("prediction", F.element_at("prediction", -1)) if classifies else scored


main = task.Task(run)
