"""Orders a job's tasks, and checks everything that can be checked before the first one starts."""

from collections.abc import Iterable, Mapping
from typing import Any

from mlops.errors import ProjectError, did_you_mean

from ..bundle.load import Bundle
from .preflight import EntryPoint, JobChecks

__all__ = ["EntryPoint", "check", "order"]


def order(job_key: str, job: Mapping[str, Any]) -> list[str]:
    """Return the job's task keys so that each follows its dependencies, and otherwise in the order of the file.

    Raises:
        ProjectError: A task key is used twice, a dependency is not a task of the job, or tasks wait for each other.
    """
    waits: dict[str, list[str]] = {}
    for task in job.get("tasks") or []:
        if task["task_key"] in waits:
            raise ProjectError(f"Job '{job_key}' has two tasks '{task['task_key']}': rename one")
        waits[task["task_key"]] = [str(dependency.get("task_key")) for dependency in task.get("depends_on") or []]
    for key, upstream in waits.items():
        for other in upstream:
            if other not in waits:
                hint = did_you_mean(other, [name for name in waits if name != key])
                raise ProjectError(f"Job '{job_key}', task '{key}' depends on '{other}', which the job lacks{hint}")
    done: list[str] = []
    while len(done) < len(waits):
        ready = (key for key, upstream in waits.items() if key not in done and set(upstream) <= set(done))
        following = next(ready, None)
        if following is None:
            circle = _circle({key: upstream for key, upstream in waits.items() if key not in done})
            raise ProjectError(f"Job '{job_key}' has tasks that wait for each other: {circle}; remove one depends_on")
        done.append(following)
    return done


def check(
    bundle: Bundle,
    entry_points: Mapping[str, EntryPoint],
    job_keys: Iterable[str] | None = None,
    package: str | None = None,
) -> None:
    """Check jobs, and the jobs that they start, against each other and against the package's entry points.

    Args:
        bundle: The bundle.
        entry_points: The package's entry points by name.
        job_keys: The jobs to check; by default all.
        package: The required `package_name` of a python_wheel_task; by default any name.

    Raises:
        ProjectError: Something would fail on Databricks or locally; the message names the first such problem.
    """
    starts: dict[str, list[str]] = {}
    waiting = list(bundle.jobs if job_keys is None else job_keys)
    while waiting:
        job_key = waiting.pop(0)
        if job_key in starts:
            continue
        if job_key not in bundle.jobs:
            raise ProjectError(f"The bundle has no job '{job_key}'{did_you_mean(job_key, list(bundle.jobs))}")
        sequence = order(job_key, bundle.jobs[job_key])
        starts[job_key] = JobChecks(bundle, job_key, sequence, entry_points, package).run()
        waiting += starts[job_key]
    circle = _circle(starts)
    if circle:
        raise ProjectError(f"Jobs start each other in an endless loop: {circle}; remove one run_job_task")


def _circle(graph: Mapping[str, Iterable[str]]) -> str:
    """Return the first cycle of a graph as `a → b → a`, or an empty string."""
    cleared: set[str] = set()

    def walk(node: str, trail: list[str]) -> list[str]:
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node in cleared:
            return []
        for following in graph.get(node, ()):
            cycle = walk(following, [*trail, node])
            if cycle:
                return cycle
        cleared.add(node)
        return []

    return next((" → ".join(cycle) for node in graph if (cycle := walk(node, []))), "")
