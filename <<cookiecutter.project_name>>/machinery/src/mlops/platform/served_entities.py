"""Reads which version of a model each served entity has."""

from __future__ import annotations

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..errors import ProjectError
from ..tables import Tables

ENTITIES = "served_entity_id string, entity_version string"


def entities_of(tables: Tables, name: str) -> DataFrame:
    """Return one row for each served entity, with ENTITIES; none if the table is not there or may not be read."""
    try:
        rows = tables.read(name)
    except (ProjectError, PySparkException):
        return tables.spark.createDataFrame([], ENTITIES)
    return rows.select("served_entity_id", F.col("entity_version").cast("string")).dropDuplicates(["served_entity_id"])
