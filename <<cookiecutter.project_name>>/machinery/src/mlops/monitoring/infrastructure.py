"""How jobs and the endpoint run: numbers with bounds, for the history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..config.monitoring import Infrastructure
from ..errors import ProjectError
from .history import Measured

_FIRST_ERROR = 400  # of the HTTP status codes


def parse_jobs(text: str) -> dict[str, str]:
    """Return the id of each job from a text such as `training=12 features=13`.

    Raises:
        ProjectError: A part of the text is not `name=id`.
    """
    jobs = {}
    for part in text.split():
        name, _, job_id = part.partition("=")
        if not (name and job_id):
            raise ProjectError(f"jobs: {part!r} is not name=id; several are separated by spaces.")
        jobs[name] = job_id
    return jobs


def of_jobs(minutes: Mapping[str, float | None], settings: Infrastructure) -> Iterator[Measured]:
    """Yield how many minutes the last run of each job took."""
    for name, taken in minutes.items():
        yield Measured(f"job_minutes of {name}", taken, settings.job_minutes)


def of_payload(payload: DataFrame, quarantined: int, settings: Infrastructure) -> Iterator[Measured]:
    """Yield the number of requests, the shares that failed and that could not be read, and the latency.

    Args:
        payload: Rows of the payload table.
        quarantined: How many of them could not be read.
        settings: The bounds.
    """
    row = payload.agg(
        F.count("*").alias("requests"),
        F.sum(F.when(F.col("status_code") >= _FIRST_ERROR, 1).otherwise(0)).alias("errors"),
        F.expr("percentile(execution_duration_ms, 0.95)").alias("latency"),
    ).first()
    requests = 0 if row is None else int(row["requests"])
    yield Measured("endpoint_requests", float(requests))
    if row is None or not requests:
        return
    yield Measured("endpoint_error_share", float(row["errors"]) / requests, settings.error_share)
    yield Measured("endpoint_latency_ms_p95", _float(row["latency"]), settings.latency_ms)
    yield Measured("quarantined_share", quarantined / requests, settings.quarantined_share)


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)
