"""The table of all verdicts with their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyspark.sql import functions as F

from ..sources.times import from_micros
from ..tables import Tables, frame_of
from .rules import Finding
from .verdict import Verdict

VERDICT, RULE, INFRASTRUCTURE = "verdict", "rule", "infrastructure"
_COLUMNS: Mapping[str, str] = {
    "check_id": "string",
    "checked_at": "timestamp",
    "kind": "string",  # verdict, rule or infrastructure
    "rule": "string",
    "measure": "string",
    "column_name": "string",
    "slice_key": "string",
    "slice_value": "string",
    "status": "string",
    "severity": "string",
    "value": "double",
    "bound": "double",
    "breaches": "int",
    "window_start": "timestamp",
    "rows": "bigint",
    "model_version": "string",
    "retrain": "boolean",
    "reason": "string",
}
_KEYS = ("check_id", "kind", "rule", "column_name", "slice_key", "slice_value")
_NONE = ""  # in keys, instead of null, which equals nothing


@dataclass(frozen=True)
class Measured:
    """A number about how jobs and endpoint run, with its bound."""

    name: str
    value: float | None
    bound: float | None = None

    @property
    def status(self) -> str:
        """Whether the bound holds."""
        if self.value is None:
            return "no_value"
        return "breach" if self.bound is not None and self.value > self.bound else "quiet"


@dataclass(frozen=True)
class History:
    """The verdicts of one environment; recording a check again changes nothing.

    Attributes:
        tables: Reads and writes the table.
        name: Its three-level name.
    """

    tables: Tables
    name: str

    def starts(self, check_id: str) -> list[datetime]:
        """Return when earlier checks, other than this one, have started a training."""
        if not self.tables.exists(self.name):
            return []
        rows = self.tables.read(self.name).where(F.col("retrain") & (F.col("check_id") != check_id))
        checks = rows.select(F.unix_micros("checked_at").alias("at")).distinct().collect()
        return [from_micros(row["at"]) for row in checks]

    def record(
        self, check_id: str, now: datetime, version: str, verdict: Verdict, measured: Iterable[Measured] = ()
    ) -> None:
        """Append a verdict, what each rule said, and the numbers about jobs and endpoint."""
        rows = [
            _verdict(verdict),
            *map(_finding, verdict.findings),
            *map(_row, measured),
        ]
        shared = {"check_id": check_id, "checked_at": now, "model_version": version}
        self._append([{**row, **shared} for row in rows])

    def measure(self, check_id: str, now: datetime, measured: Iterable[Measured]) -> None:
        """Append numbers about jobs and endpoint, outside a check."""
        self._append([{**_row(measurement), "check_id": check_id, "checked_at": now} for measurement in measured])

    def _append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        cells = [tuple(row.get(name, _NONE if name in _KEYS else None) for name in _COLUMNS) for row in rows]
        if cells:
            self.tables.merge(self.name, frame_of(self.tables.spark, cells, _COLUMNS), _KEYS, update=False)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {"kind": VERDICT, "status": verdict.kind, "retrain": verdict.retrain, "reason": verdict.reason}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": RULE,
        "rule": finding.rule,
        "measure": finding.measure,
        "column_name": finding.column,
        "slice_key": finding.slice.key or _NONE,
        "slice_value": finding.slice.value or _NONE,
        "status": finding.status,
        "severity": finding.severity,
        "value": finding.value,
        "bound": finding.bound,
        "breaches": finding.breaches,
        "window_start": finding.window,
        "rows": finding.rows,
        "reason": str(finding) if finding.status == "breach" else None,
    }


def _row(measurement: Measured) -> dict[str, Any]:
    return {
        "kind": INFRASTRUCTURE,
        "rule": measurement.name,
        "measure": measurement.name,
        "status": measurement.status,
        "severity": "warn",
        "value": measurement.value,
        "bound": measurement.bound,
    }
