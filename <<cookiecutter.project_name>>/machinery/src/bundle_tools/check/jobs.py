"""Every job says how it is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..bundle.load import Bundle
from .checked_project import CheckedProject
from .in_every_target import in_every_target
from .outcome import NotApplicableError
from .tally import Tally

_SET_BY_EVERY_JOB = {
    "description": "not set: say in one sentence what the job does",
    "max_concurrent_runs": "not set: set how many runs may run at once",
    "timeout_seconds": "not set, so a run that hangs never ends",
}
_MOST_NESTED = 3


def every_job_says_how_it_is_run(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every job has limits, a queue, tags, notifications and a description."""

    def faults(bundle: Bundle) -> Iterator[str]:
        for key, job in bundle.jobs.items():
            looked.add("job", key)
            for field, problem in _missing(job):
                yield f"{bundle.place(f'resources.jobs.{key}')}.{field}: {problem}"

    yield from in_every_target(project, looked, faults)


def _missing(job: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field, problem in _SET_BY_EVERY_JOB.items():
        if not job.get(field):
            yield field, problem
    if not (job.get("queue") or {}).get("enabled"):
        yield "queue", "not enabled, so a run that starts during another one is skipped"
    for tag in ("project", "owner", "git_commit"):
        if tag not in (job.get("tags") or {}):
            yield "tags", f"no tag '{tag}', which assigns costs and questions (presets.tags)"
    if not any(rule["metric"] == "RUN_DURATION_SECONDS" for rule in (job.get("health") or {}).get("rules") or []):
        yield "health", "no rule on RUN_DURATION_SECONDS, so nobody is notified of a slow run"
    if any("environment_key" in task for task in job.get("tasks") or []) and "performance_target" not in job:
        yield "performance_target", "not set: choose between a cheaper and a faster start"
    yield from _missing_notifications(job)


def _missing_notifications(job: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field in ("email_notifications", "webhook_notifications"):
        for event in ("on_failure", "on_duration_warning_threshold_exceeded"):
            if event not in (job.get(field) or {}):
                yield field, f"no {event}: name a variable with the destinations, which may be empty"


def jobs_start_jobs_as_deep_as_databricks_supports(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Jobs start jobs that start jobs no deeper than Databricks supports.

    Source: https://docs.databricks.com/jobs/run-job.
    """

    def faults(bundle: Bundle) -> Iterator[str]:
        for key in bundle.jobs:
            looked.add("job", key)
            depth = _depth(bundle, key, frozenset())
            if depth > _MOST_NESTED:
                place = bundle.place(f"resources.jobs.{key}")
                yield f"{place}: nests {depth} Run Job tasks, and Databricks supports {_MOST_NESTED}"

    yield from in_every_target(project, looked, faults)


def _depth(bundle: Bundle, key: str, above: frozenset[str]) -> int:
    """Return how many Run Job tasks are nested below a job; a circle, which another check reports, ends the count."""
    tasks = [task for task in bundle.jobs[key].get("tasks") or [] if "run_job_task" in task]
    started = {bundle.job_of(task["run_job_task"]["job_id"]) for task in tasks}
    below = [job_key for job_key in started if job_key is not None and job_key not in above]
    return max((1 + _depth(bundle, job_key, above | {key}) for job_key in below), default=0)


def the_lifecycle_monitors_as_the_job_monitoring_does(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """The job lifecycle monitors with the tasks of the job monitoring."""
    if any(not {"lifecycle", "monitoring"} <= set(bundle.jobs) for bundle in project.bundles.values()):
        raise NotApplicableError("the bundle has no job lifecycle, or no job monitoring")

    def faults(bundle: Bundle) -> Iterator[str]:
        of_lifecycle = {task["task_key"]: task for task in bundle.jobs["lifecycle"].get("tasks") or []}
        for task in bundle.jobs["monitoring"].get("tasks") or []:
            key = task["task_key"]
            if "python_wheel_task" in task:
                looked.add("task", key)
                if {**of_lifecycle.get(key, {}), "depends_on": None} != {**task, "depends_on": None}:
                    place = bundle.place(f"resources.jobs.lifecycle.tasks[{key}]")
                    yield f"{place}: differs from the task of the job monitoring: make both the same"

    yield from in_every_target(project, looked, faults)


def every_job_parameter_is_used_by_a_task(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every parameter of a job is used by one of its tasks."""

    def faults(bundle: Bundle) -> Iterator[str]:
        for key, job in bundle.jobs.items():
            looked.add("job", key)
            for parameter in job.get("parameters") or []:
                name = parameter["name"]
                looked.add("parameter", (key, name))
                if f"{{{{job.parameters.{name}}}}}" not in str(job.get("tasks")):
                    place = bundle.place(f"resources.jobs.{key}.parameters[{name}]")
                    yield f"{place}: no task of the job uses it: remove it"

    yield from in_every_target(project, looked, faults)


CHECKS = (
    every_job_says_how_it_is_run,
    jobs_start_jobs_as_deep_as_databricks_supports,
    the_lifecycle_monitors_as_the_job_monitoring_does,
    every_job_parameter_is_used_by_a_task,
)
