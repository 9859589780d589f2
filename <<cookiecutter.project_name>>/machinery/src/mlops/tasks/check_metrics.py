"""Decide from the metrics of the inference log whether to warn, and whether to train again."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Literal

from pydantic import field_validator

from ..errors import ProjectError
from ..monitoring.history import History
from ..monitoring.infrastructure import of_jobs, parse_jobs
from ..monitoring.observe import scope
from ..monitoring.verdict import Limits, decide
from ..parameters import UtcDatetime
from ..platform.base import Platform
from ..profiling.base import Refresh
from ..project import Project
from ..registry import Registry
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """What to check, and when.

    Attributes:
        model_name: The registered model.
        inference_log_table: The log, next to which the metric tables are.
        history_table: The table of all verdicts.
        refresh_state: How the refresh of the metrics ended.
        refresh_message: Why.
        check_id: Identifies the run, so that repeating it changes nothing.
        started_at: When the run started.
        jobs: The ids of the jobs whose durations are recorded, as `name=id` separated by spaces.
        as_of: Another time to check for, in ISO 8601 with its time zone; empty for the start of the run.
    """

    model_name: str
    inference_log_table: str
    history_table: str
    refresh_state: Literal["done", "failed", "slow", "refused"]
    refresh_message: str = ""
    check_id: str
    started_at: UtcDatetime
    jobs: str = ""
    as_of: str = ""

    @field_validator("as_of")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        if text and datetime.fromisoformat(text).tzinfo is None:
            raise ValueError("give the time zone too, such as 2026-01-31T00:00Z")
        return text


class Values(task.Values):
    """The verdict, whether to train again (`true` or `false`), and why."""

    verdict: str
    retrain: str
    reason: str


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Record the verdict in the history, and return it.

    Raises:
        ProjectError: The metrics could not be refreshed; the verdict is recorded all the same.
    """
    config, history = project.config, History(platform.tables, parameters.history_table)
    as_of = datetime.fromisoformat(parameters.as_of).astimezone(UTC) if parameters.as_of else None
    now = as_of or parameters.started_at
    registry = Registry(parameters.model_name)
    champion = registry.champion()
    version = "" if champion is None else str(champion.version)
    refresh = Refresh(parameters.refresh_state, parameters.refresh_message)
    until = as_of or (now if config.monitoring.as_of == "now" else None)
    seen = scope(config, platform.tables, parameters.inference_log_table, champion, until)
    limits = Limits(config.monitoring.retraining, history.starts(parameters.check_id), now)
    verdict = decide(config.monitoring.rules, seen, refresh, limits)
    minutes = platform.job_minutes(parse_jobs(parameters.jobs))
    measured = of_jobs(minutes, config.monitoring.infrastructure)
    history.record(parameters.check_id, now, version, verdict, measured)
    log.info("verdict: %s %s", verdict.kind, verdict.reason)
    if verdict.kind == "refresh_failed":
        raise ProjectError(f"{verdict.reason or 'the metrics could not be refreshed'}: look into the job's output.")
    return Values(verdict=verdict.kind, retrain=str(verdict.retrain).lower(), reason=verdict.reason)
