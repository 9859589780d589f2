"""The table of all looks at rollouts, and the same numbers as a text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from ...tables import Tables
from .decision import Verdict
from .look import CHALLENGER, CHAMPION, Look
from .record import Rollout

_KEY = "check_id"
_COLUMNS: Mapping[str, str] = {
    _KEY: "string",
    "checked_at": "timestamp",
    "model_name": "string",
    "model_version": "string",
    "champion_version": "string",
    "rollout": "string",
    "share": "int",  # of the challenger, in percent
    "action": "string",
    "reason": "string",
    **{
        f"{field}_{version}": kind
        for version in ("challenger", "champion")
        for field, kind in {
            "requests": "bigint",
            "failed": "bigint",
            "slow": "bigint",
            "latency_ms_p95": "double",
            "labelled": "bigint",
            "loss": "double",
        }.items()
    },
    "difference": "double",
    "difference_low": "double",
    "difference_high": "double",
    "alpha": "double",
}


def record_look(  # noqa: PLR0913 - all of it is recorded
    tables: Tables, name: str, model_name: str, check_id: str, now: datetime, rollout: Rollout, look: Look, found: Verdict
) -> None:
    """Append a look to the table; one that was recorded is left as it is."""
    row: dict[str, object] = {
        _KEY: check_id,
        "checked_at": now.astimezone(UTC),
        "model_name": model_name,
        "model_version": rollout.version,
        "champion_version": rollout.champion,
        "rollout": rollout.settings.rollout,
        "share": rollout.share,
        "action": found.action,
        "reason": found.reason,
        "difference": found.difference.value,
        "difference_low": found.difference.low,
        "difference_high": found.difference.high,
        "alpha": rollout.settings.alpha,
    }
    for version, which in (("challenger", CHALLENGER), ("champion", CHAMPION)):
        counts = {f"{field}_{version}": look.count(field, challenger=which) for field in _COUNTS}
        loss, latency = look.mean_loss(challenger=which), look.latency_ms[which]
        row |= {**counts, f"loss_{version}": loss, f"latency_ms_p95_{version}": latency}
    schema = ", ".join(f"`{column}` {kind}" for column, kind in _COLUMNS.items())
    frame = tables.spark.createDataFrame([tuple(row[column] for column in _COLUMNS)], schema)
    tables.merge(name, frame, [_KEY], update=False)


_COUNTS = ("requests", "failed", "slow", "labelled")


def told(rollout: Rollout, look: Look, found: Verdict, now: datetime) -> str:
    """Return a look as a text for a tag: the decision first, then its numbers by version."""
    arms = []
    for version, which in ((rollout.version, CHALLENGER), (rollout.champion, CHAMPION)):
        numbers = ", ".join(f"{look.count(field, challenger=which)} {field}" for field in _COUNTS)
        latency = look.latency_ms[which]
        shown = "none" if latency is None else f"{latency:.0f} ms"
        arms.append(f"version {version}: {numbers}, loss {look.mean_loss(challenger=which):.4g}, latency p95 {shown}")
    kind = f"{rollout.settings.rollout} at {rollout.share} %, {now:%Y-%m-%d %H:%M} UTC"
    return (
        f"{kind}: {found.action}: {found.reason}; difference of the losses {found.difference} at alpha "
        f"{rollout.settings.alpha:g}; {'; '.join(arms)}"
    )
