"""Every task matches the code that it runs, the tasks around it and the compute that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlops.errors import ProjectError, did_you_mean

from ..bundle.load import Bundle
from ..run import entry_points, task_order
from .checked_project import CheckedProject
from .in_every_target import in_every_target
from .job_tasks import JobTask, job_tasks
from .outcome import as_fault
from .tally import Tally

_COMPUTE = (("environment_key", "environments"), ("job_cluster_key", "job_clusters"))


def tasks_fit_their_entry_points_and_each_other(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every task gives its entry point the parameters that it takes, and reads what an earlier task or its job sets."""
    described = entry_points.describe(project.tasks)
    looked.add_around("entry point", *described)

    def faults(bundle: Bundle) -> Iterator[str]:
        for key in bundle.jobs:
            looked.add("job", key)
            try:
                task_order.check(bundle, described, [key], package=project.package)
            except ProjectError as error:
                yield as_fault(error)

    yield from in_every_target(project, looked, faults)


def one_job_alone_moves_the_alias_champion(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """One job alone moves the alias `champion`, one run at a time.

    No registry can lock an alias, so the queue of this job does.
    """

    def faults(bundle: Bundle) -> Iterator[str]:
        movers = [job_task for job_task in job_tasks(bundle) if _entry_point(job_task.task) == "change_champion"]
        looked.add("job", *bundle.jobs)
        if not movers:
            yield f"{bundle.place('resources.jobs')}: no task calls change_champion, so no version becomes champion"
        for mover in movers[1:]:
            yield f"{mover.place}: job '{movers[0].job_key}' moves the alias already: let this job start that one"
        for mover in movers:
            place = bundle.place(f"resources.jobs.{mover.job_key}")
            if mover.job.get("max_concurrent_runs") != 1:
                yield f"{place}.max_concurrent_runs: is not 1, so two runs could move the alias at once"
            if not (mover.job.get("queue") or {}).get("enabled"):
                yield f"{place}.queue: is not enabled, so a change of the alias that has to wait would be lost"

    yield from in_every_target(project, looked, faults)


def every_task_has_the_compute_that_it_names(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every task names compute of its job, which installs the project's wheel."""

    def faults(bundle: Bundle) -> Iterator[str]:
        for job_task in job_tasks(bundle):
            looked.add("task", job_task.place)
            for field, listed in _COMPUTE:
                known = [str(item.get(field)) for item in job_task.job.get(listed) or []]
                if field in job_task.task and job_task.task[field] not in known:
                    hint = did_you_mean(str(job_task.task[field]), known)
                    yield f"{job_task.place}.{field}: the job has no {listed[:-1]} '{job_task.task[field]}'{hint}"
            if "python_wheel_task" in job_task.task and not any(
                ".whl" in text for text in _installed_dependencies(job_task)
            ):
                yield f"{job_task.place}: its compute does not install the project's wheel"

    yield from in_every_target(project, looked, faults)


def _installed_dependencies(job_task: JobTask) -> list[str]:
    environments = {item["environment_key"]: item.get("spec") or {} for item in job_task.job.get("environments") or []}
    dependencies = environments.get(job_task.task.get("environment_key", ""), {}).get("dependencies") or []
    return [*map(str, dependencies), *(str(library.get("whl")) for library in job_task.task.get("libraries") or [])]


def every_task_says_how_often_it_is_tried(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every task says how often it is tried, and when it is given up."""

    def faults(bundle: Bundle) -> Iterator[str]:
        for job_task in job_tasks(bundle):
            looked.add("task", job_task.place)
            if "condition_task" not in job_task.task:
                yield from (f"{job_task.place}.{field}: {problem}" for field, problem in _attempts(job_task.task))

    yield from in_every_target(project, looked, faults)


def _attempts(task: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "max_retries" not in task:
        yield "max_retries", "not set: use 0 if a second attempt would do harm"
    if "environment_key" in task and not task.get("disable_auto_optimization"):
        yield "disable_auto_optimization", "not set, so serverless compute retries on its own"
    if task.get("max_retries") and task.get("retry_on_timeout") is not False:
        yield "retry_on_timeout", "not false: a task that timed out once would time out again"
    if "python_wheel_task" in task and not task.get("timeout_seconds"):
        yield "timeout_seconds", "not set, so a task that hangs never ends"


def _entry_point(task: Mapping[str, Any]) -> str | None:
    return (task.get("python_wheel_task") or {}).get("entry_point")


CHECKS = (
    tasks_fit_their_entry_points_and_each_other,
    one_job_alone_moves_the_alias_champion,
    every_task_has_the_compute_that_it_names,
    every_task_says_how_often_it_is_tried,
)
