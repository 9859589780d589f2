"""The table of the answers, to which every run adds its own: a bug report can attach them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import functions as F

from ..machinery_version import version
from ..tables import Tables
from .answer import Answer

COLUMNS: Mapping[str, str] = {
    "run_id": "string",
    "asked_at": "timestamp",
    "machinery_version": "string",
    "task": "string",
    "number": "int",  # the place of the question in its task
    "question": "string",
    "status": "string",
    "seen": "string",
    "mend": "string",
    "stand_in": "boolean",
}


@dataclass(frozen=True)
class Results:
    """The answers of all runs.

    Attributes:
        tables: Reads and writes the table.
        name: Its three-level name.
        run_id: Identifies the run of the job.
    """

    tables: Tables
    name: str
    run_id: str

    def report(self, task: str, answers: Sequence[Answer]) -> None:
        """Print a line for each answer, then append them to the table."""
        for answer in answers:
            sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()  # before the table is written, which may fail
        now, made_by = datetime.now(UTC), version()
        rows = [
            (self.run_id, now, made_by, task, number, each.question, each.status, each.seen, each.mend, each.stand_in)
            for number, each in enumerate(answers)
        ]
        schema = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        self.tables.append(self.name, self.tables.spark.createDataFrame(rows, schema))

    def statuses(self) -> dict[str, str]:
        """Return the newest status of each question of this run, which a repaired run asks again, in their order."""
        own = self.tables.read(self.name).where(F.col("run_id") == self.run_id)
        rows = own.select("question", "status", "asked_at", "number").orderBy("asked_at", "number").collect()
        return {str(row["question"]): str(row["status"]) for row in rows}
