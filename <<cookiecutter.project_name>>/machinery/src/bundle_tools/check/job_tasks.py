"""The jobs and tasks of a bundle, with their places in its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..bundle.load import Bundle
from ..bundle.normalise_jobs import tidy


class JobTask(NamedTuple):
    """A task of a job.

    Attributes:
        job_key: The key of the job.
        job: The job.
        place: `file: key path` of the task.
        task: The task.
    """

    job_key: str
    job: Mapping[str, Any]
    place: str
    task: Mapping[str, Any]


def job_tasks(bundle: Bundle) -> Iterator[JobTask]:
    """Yield every task of every job."""
    for key, job in bundle.jobs.items():
        for task in tidy(job, key).get("tasks") or []:
            yield JobTask(key, job, bundle.place(f"resources.jobs.{key}.tasks[{task['task_key']}]"), task)
