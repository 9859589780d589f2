"""Reads which version of a model each served entity has."""

from __future__ import annotations

import logging

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..errors import ProjectError, first_line
from ..tables import Tables, frame_of

log = logging.getLogger(__name__)

ENTITIES = {"served_entity_id": "string", "entity_version": "string"}


def entities_of(tables: Tables, name: str) -> DataFrame:
    """Return one row for each served entity, with ENTITIES; none if the table is not there or may not be read."""
    try:
        rows = tables.read(name).select("served_entity_id", F.col("entity_version").cast("string"))
        # Spark Connect resolves names and privileges only now, not when the frame is described above.
        rows.schema  # noqa: B018 - asking for it is the effect
    except (ProjectError, PySparkException) as error:
        log.warning("no request of an endpoint has a known version: %s", first_line(error))
        return frame_of(tables.spark, [], ENTITIES)
    return rows.dropDuplicates(["served_entity_id"])
