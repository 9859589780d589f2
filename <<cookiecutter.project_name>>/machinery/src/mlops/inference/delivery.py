"""Delivers the predictions of each run to each output, and records what has been delivered."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import functions as F

from ..config.inference import Output
from ..errors import ProjectError
from ..tables import Tables, frame_of
from .outputs import Destinations
from .predictions import Between, Predictions
from .run_log import InferenceRuns

log = logging.getLogger(__name__)

_COLUMNS: Mapping[str, str] = {
    "output": "string",
    "predictions_table": "string",
    "scoring_run": "string",
    "rows": "bigint",
    "delivered_at": "timestamp",
}
_KEYS = ("output", "predictions_table", "scoring_run")


@dataclass(frozen=True)
class Deliveries:
    """The record of deliveries: a row for each output and run of inference.

    Attributes:
        tables: Reads and writes the table.
        schema: Two-level name of the schema.
        runs: The runs of inference.
        predictions: The table of predictions.
    """

    tables: Tables
    schema: str
    runs: InferenceRuns
    predictions: Predictions

    @property
    def name(self) -> str:
        """Three-level name of the table."""
        return f"{self.schema}.deliveries"

    def pending(self, output: str) -> list[tuple[str, Between]]:
        """Return the runs whose predictions the output lacks, oldest first, with the event times of their rows."""
        runs = self.runs.with_predictions()
        if self.tables.exists(self.name):
            done = self.tables.read(self.name).where(
                (F.col("output") == output) & (F.col("predictions_table") == self.predictions.name)
            )
            runs = runs.join(done.select("scoring_run"), ["scoring_run"], "left_anti")
        rows = runs.orderBy("finished_at", "scoring_run").collect()
        return [(row["scoring_run"], Between.of_micros(row["first"], row["last"])) for row in rows]

    def record(self, output: str, run: str, rows: int) -> None:
        """Record a delivery after it has been made."""
        row = (output, self.predictions.name, run, rows, datetime.now(UTC))
        self.tables.merge(self.name, frame_of(self.tables.spark, [row], _COLUMNS), list(_KEYS), update=True)


def deliver(outputs: Mapping[str, Output], deliveries: Deliveries, destinations: Destinations) -> dict[str, int]:
    """Deliver to each output the runs that it lacks, each at least once; return how many rows each output got.

    An output that fails does not stop the others, and gets the same runs again next time.

    Raises:
        ProjectError: An output failed.
    """
    delivered, failed = dict.fromkeys(outputs, 0), []
    for name, output in outputs.items():
        try:
            for run, between in deliveries.pending(name):
                rows = deliveries.predictions.of_run(run, between)
                destinations.write(name, output, rows, run)
                count = rows.count()
                deliveries.record(name, run, count)
                log.info("output %s: %d rows of run %s", name, count, run)
                delivered[name] += count
        except ProjectError as error:
            log.error("output %s failed: %s", name, error)  # noqa: TRY400 - the message is all there is to say
            failed.append(f"{name} ({str(error).rstrip('.')})")
    if failed:
        raise ProjectError(
            f"these outputs of inference.outputs failed: {'; '.join(failed)}. The others were delivered; run the job "
            "again to deliver what is missing."
        )
    return delivered
