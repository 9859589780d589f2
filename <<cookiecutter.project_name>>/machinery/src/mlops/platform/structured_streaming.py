"""Structured Streaming as on Databricks, where Spark Connect calls the sink in another process than the driver's."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.utils import is_remote

from ..errors import ProjectError
from ..tables import quote
from .streaming import Sink, Streaming


def stream(spark: SparkSession, table: str, process: InItsProcess, streaming: Streaming, checkpoint: Path) -> None:
    """Give the new rows of a table to a sink in micro-batches.

    Args:
        spark: The Spark session of the driver.
        table: Three-level name of the table.
        process: Calls the sink.
        streaming: How the stream runs.
        checkpoint: The folder of the checkpoint.

    Raises:
        ProjectError: The schema of the table changed meanwhile, or the compute cannot run for ever.
    """
    trigger: dict[str, Any] = (
        {"availableNow": True} if streaming.interval is None else {"processingTime": streaming.interval}
    )
    reader = spark.readStream.options(**streaming.options).table(quote(table))
    query = reader.writeStream.foreachBatch(process).option("checkpointLocation", str(checkpoint)).trigger(**trigger)
    try:
        running = query.start()
        # A batch that is stopped half-way is repeated by the next run.
        if not running.awaitTermination(None if streaming.interval is None else round(streaming.hours * 3600)):
            running.stop()
    except PySparkException as error:
        problem = _problem(table, str(error))
        if problem is None:
            raise
        raise ProjectError(problem) from error


@dataclass(frozen=True)
class InItsProcess:
    """Calls a sink with a platform of its own, in a process in which no task is running.

    Attributes:
        sink: The sink.
        platform: Makes the platform from a session, without the Databricks utilities.
        tracking_uri: Where the driver's MLflow tracks runs.
        registry_uri: Where the driver's MLflow registers models.
    """

    sink: Sink
    platform: Callable[[SparkSession, Any], Any]
    tracking_uri: str
    registry_uri: str

    def __call__(self, rows: DataFrame, batch: int) -> None:
        """Process the rows of the batch with this number."""
        _number_plans_apart()
        mlflow.set_tracking_uri(self.tracking_uri)
        mlflow.set_registry_uri(self.registry_uri)
        spark = rows.sparkSession
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        self.sink(rows, batch, self.platform(spark, None))


def _number_plans_apart() -> None:
    """Let this process number its query plans otherwise than the driver does, whose Spark Connect session it shares.

    The server of a session caches the result of analyzing a plan, such as whether a table exists, by its content and
    number (SPARK-47818). Both processes count from 0, so that one might get an outdated answer that the other got.
    """
    if is_remote():
        from pyspark.sql.connect.plan import LogicalPlan  # noqa: PLC0415 - classic Spark may lack what it needs

        LogicalPlan._nextPlanId = secrets.randbits(62)  # noqa: SLF001 - nothing public sets it


def _problem(table: str, message: str) -> str | None:
    if "INFINITE_STREAMING_TRIGGER_NOT_SUPPORTED" in message:
        return (
            "serverless compute only runs streams that stop: set the variable stream_interval in databricks.yml to "
            "nothing, or use job clusters."
        )
    if any(name in message for name in ("DELTA_SCHEMA_CHANGED", "DELTA_STREAMING_INCOMPATIBLE_SCHEMA_CHANGE")):
        return (
            f"the schema of {table} changed while it was streamed: run the job again, which goes on from the "
            "checkpoint with the new schema, and says what to do if a column is gone."
        )
    return None
