"""Databricks accepts every schedule and trigger of a job."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator

from croniter import croniter
from croniter.croniter import CroniterError

from mlops.errors import did_you_mean

from ..bundle.load import Bundle
from .checked_project import CheckedProject
from .in_every_target import in_every_target
from .outcome import NotApplicableError
from .tally import Tally

# What can start a job that has a trigger.
TRIGGERS = ("periodic", "table_update", "file_arrival")
_FIELDS = "second minute hour day-of-month month day-of-week year"


def schedules_are_quartz_expressions_in_a_known_time_zone(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every schedule is a Quartz cron expression in a known time zone."""
    _require(project, "schedule")
    zones = zoneinfo.available_timezones()

    def faults(bundle: Bundle) -> Iterator[str]:
        for key, job in bundle.jobs.items():
            schedule = job.get("schedule")
            if not schedule:
                continue
            looked.add("schedule", key)
            place = bundle.place(f"resources.jobs.{key}.schedule")
            if problem := quartz_problem(str(schedule.get("quartz_cron_expression", ""))):
                yield f"{place}.quartz_cron_expression: {problem}"
            zone = str(schedule.get("timezone_id", ""))
            if zone not in zones:
                yield f"{place}.timezone_id: '{zone}' is not a valid time zone{did_you_mean(zone, sorted(zones))}"

    yield from in_every_target(project, looked, faults)


def quartz_problem(expression: str) -> str:
    """Return why Quartz rejects an expression, by croniter and by the two rules in which Quartz differs from cron.

    It is an empty string if Quartz accepts the expression.
    Source: https://www.quartz-scheduler.org/documentation/quartz-2.3.0/tutorials/crontrigger.html
    """
    fields = expression.split()
    if len(fields) not in {6, 7}:
        return f"'{expression}' has {len(fields)} fields; Quartz needs six or seven: {_FIELDS}"
    if (fields[3] == "?") == (fields[5] == "?"):
        return f"'{expression}' needs a ? for exactly one of day-of-month and day-of-week"
    if re.search(r"(?:^|[-,])(?:0|[89])", fields[5]):
        return f"'{expression}' has a day-of-week outside 1 (Sunday) to 7 (Saturday)"
    try:
        croniter.expand(expression, second_at_beginning=True)
    except CroniterError as error:
        return f"'{expression}' is not a cron expression: {error}"
    return ""


def every_trigger_starts_a_job_for_one_reason(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every trigger starts its job for one reason."""
    _require(project, "trigger")

    def faults(bundle: Bundle) -> Iterator[str]:
        for key, job in bundle.jobs.items():
            if "trigger" in job:
                looked.add("trigger", key)
                if len(set(job["trigger"] or ()) & set(TRIGGERS)) != 1:
                    yield f"{bundle.place(f'resources.jobs.{key}')}.trigger: set one of {', '.join(TRIGGERS)}"

    yield from in_every_target(project, looked, faults)


def _require(project: CheckedProject, start: str) -> None:
    if not any(start in job for bundle in project.bundles.values() for job in bundle.jobs.values()):
        raise NotApplicableError(f"no job has a {start}")


CHECKS = (schedules_are_quartz_expressions_in_a_known_time_zone, every_trigger_starts_a_job_for_one_reason)
