"""What is known of a run of a job, while it lasts and afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class TaskState(StrEnum):
    """Where a task is in its life."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    UPSTREAM_FAILED = "upstream_failed"
    EXCLUDED = "excluded"  # a branch not taken, or a run_if about failures without one
    NOT_RUN = "not_run"  # never started, because something unrelated had failed


@dataclass
class TaskRun:
    """One task of one job run."""

    job_key: str
    task_key: str
    run_id: int
    state: TaskState = TaskState.PENDING
    seconds: float = 0.0
    attempts: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    outcome: str | None = None  # of a condition task: "true" or "false"
    error: BaseException | None = None
    child: "JobRun | None" = None  # of a run_job task: the last run that it started


@dataclass
class JobRun:
    """One run of a job: its tasks in the order in which they were considered."""

    job_key: str
    run_id: int
    parameters: Mapping[str, str]
    tasks: dict[str, TaskRun]
    leaves: frozenset[str]  # the tasks that no other task waits for

    @property
    def succeeded(self) -> bool:
        """Whether Databricks would call the run a success: every leaf task succeeded or was excluded.

        A failure that a later task handles, such as a notification, still leaves `failure` set.
        """
        return all(self.tasks[key].state in {TaskState.SUCCESS, TaskState.EXCLUDED} for key in self.leaves)

    @property
    def failure(self) -> TaskRun | None:
        """The first task that failed by itself; inside a job that a run_job task started, if it failed there."""
        for task in self.tasks.values():
            if task.state is TaskState.FAILED:
                return (task.child.failure if task.child else None) or task
        return None


class Observer(Protocol):
    """Is told of everything that happens, in order."""

    def job_started(self, run: JobRun) -> None:
        """Hear that a job's first task is about to be considered."""

    def task_started(self, task_run: TaskRun) -> None:
        """Hear that a task starts; tasks that never start are not announced."""

    def task_retried(self, task_run: TaskRun, error: BaseException) -> None:
        """Hear that an attempt failed and another one follows."""

    def task_finished(self, task_run: TaskRun) -> None:
        """Hear that a task's state is final, also of a task that never started."""

    def job_finished(self, run: JobRun) -> None:
        """Hear that every task of a job has its final state."""
