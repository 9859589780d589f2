"""What the tests of the machinery share beside fixtures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

from pyspark.sql import SparkSession

from mlops.sources.sources import Sources
from mlops_local.platform import LocalPlatform

if TYPE_CHECKING:
    from bundle_tools.workspace.workspace import Workspace

Runner = Callable[..., dict[str, str]]
MLFLOW: list[
    Workspace
] = []  # the workspace whose runs and models the tests of a process share, once one of them needs it


def trips_of(platform: LocalPlatform, table: str) -> Sources:
    """Return the sources of the example with this table."""
    return Sources(platform.tables, {"trips": table})


def new_schema(spark: SparkSession) -> str:
    """Create an empty schema and return its two-level name."""
    name = f"dev.t{uuid4().hex[:8]}"
    spark.sql(f"CREATE SCHEMA {name}").collect()
    return name
