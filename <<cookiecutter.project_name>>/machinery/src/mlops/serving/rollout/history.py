"""What a look at a rollout found, as a text for a tag and as a row of the table of all looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ...tables import Tables, frame_of
from .look import CHALLENGER, CHAMPION, Look, Verdict
from .record import Rollout

_COUNTS = ("requests", "failed", "slow", "labelled")
_OF_A_VERSION: Mapping[str, str] = {**dict.fromkeys(_COUNTS, "bigint"), "latency_ms_p95": "double", "loss": "double"}
_COLUMNS: Mapping[str, str] = {
    "check_id": "string",
    "model_name": "string",
    "checked_at": "timestamp",
    "model_version": "string",
    "champion_version": "string",
    "rollout": "string",
    "share": "int",  # of the challenger, in percent
    "action": "string",
    "reason": "string",
    **{f"{field}_challenger": kind for field, kind in _OF_A_VERSION.items()},
    **{f"{field}_champion": kind for field, kind in _OF_A_VERSION.items()},
    "difference": "double",  # of the mean losses, challenger minus champion, with its interval
    "difference_low": "double",
    "difference_high": "double",
    "alpha": "double",
}


@dataclass(frozen=True)
class Report:
    """A look at a rollout.

    Attributes:
        rollout: The record of the rollout.
        look: What was seen.
        verdict: What was decided.
        now: When.
    """

    rollout: Rollout
    look: Look
    verdict: Verdict
    now: datetime

    def __str__(self) -> str:
        settings, verdict = self.rollout.settings, self.verdict
        when = f"{settings.rollout} at {self.rollout.share} %, {self.now:%Y-%m-%d %H:%M} UTC"
        arms = [
            f"version {version}: {self._as_text(which)}"
            for version, which in ((self.rollout.version, CHALLENGER), (self.rollout.champion, CHAMPION))
        ]
        return (
            f"{when}: {verdict.action}: {verdict.reason}; difference of the losses {verdict.difference} at alpha "
            f"{settings.alpha:g}; {'; '.join(arms)}"
        )

    def row(self) -> dict[str, object]:
        """Return the columns of the table, without those that identify the look."""
        verdict = self.verdict
        row: dict[str, object] = {
            "checked_at": self.now.astimezone(UTC),
            "model_version": self.rollout.version,
            "champion_version": self.rollout.champion,
            "rollout": self.rollout.settings.rollout,
            "share": self.rollout.share,
            "action": verdict.action,
            "reason": verdict.reason,
            "difference": verdict.difference.value,
            "difference_low": verdict.difference.low,
            "difference_high": verdict.difference.high,
            "alpha": self.rollout.settings.alpha,
        }
        for name, which in (("challenger", CHALLENGER), ("champion", CHAMPION)):
            of_version = self._counts(which) | {
                "latency_ms_p95": self.look.latency_ms[which],
                "loss": self.look.mean_loss(challenger=which),
            }
            row |= {f"{field}_{name}": value for field, value in of_version.items()}
        return row

    def _as_text(self, which: bool) -> str:  # noqa: FBT001 - CHALLENGER or CHAMPION
        counts = ", ".join(f"{count} {field}" for field, count in self._counts(which).items())
        latency = self.look.latency_ms[which]
        shown = "unknown" if latency is None else f"{latency:.0f} ms"
        return f"{counts}, loss {self.look.mean_loss(challenger=which):.4g}, latency p95 {shown}"

    def _counts(self, which: bool) -> dict[str, int | float | None]:  # noqa: FBT001 - CHALLENGER or CHAMPION
        return {field: self.look.count(field, challenger=which) for field in _COUNTS}


def append(tables: Tables, name: str, identity: Mapping[str, str], report: Report) -> None:
    """Append a look to the table, whose `check_id` and `model_name` identify it; one that is there stays as it is."""
    row = report.row() | dict(identity)
    frame = frame_of(tables.spark, [[row[column] for column in _COLUMNS]], _COLUMNS)
    tables.merge(name, frame, ["check_id", "model_name"], update=False)
