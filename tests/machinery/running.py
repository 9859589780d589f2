"""What the tests of the machinery share beside fixtures."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from pyspark.sql import SparkSession

from mlops.sources.sources import Sources
from mlops_local.platform import LocalPlatform

Runner = Callable[..., dict[str, str]]


def trips_of(platform: LocalPlatform, table: str) -> Sources:
    """Return the sources of the example with this table."""
    return Sources(platform.tables, {"trips": table})


def new_schema(spark: SparkSession) -> str:
    """Create an empty schema and return its two-level name."""
    name = f"dev.t{uuid4().hex[:8]}"
    spark.sql(f"CREATE SCHEMA {name}").collect()
    return name
