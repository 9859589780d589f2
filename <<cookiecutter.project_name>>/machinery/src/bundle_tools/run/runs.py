"""The state of a job run, during the run and afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class TaskState(StrEnum):
    """The state of a task."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    UPSTREAM_FAILED = "upstream_failed"
    EXCLUDED = "excluded"  # a branch not taken, or a run_if about failures when there was none
    NOT_RUN = "not_run"  # never started, because an unrelated task had failed


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
    """One run of a job, with its tasks in the order in which they were considered."""

    job_key: str
    run_id: int
    parameters: Mapping[str, str]
    tasks: dict[str, TaskRun]
    leaves: frozenset[str]  # the tasks that no other task depends on

    @property
    def succeeded(self) -> bool:
        """Whether the run counts as a success on Databricks: every leaf task succeeded or was excluded.

        If a later task handles a failure, for example with a notification, `failure` is still set.
        """
        return all(self.tasks[key].state in {TaskState.SUCCESS, TaskState.EXCLUDED} for key in self.leaves)

    @property
    def failure(self) -> TaskRun | None:
        """The first task that failed by itself; if it failed in a child job, the task in that job."""
        for task in self.tasks.values():
            if task.state is TaskState.FAILED:
                return (task.child.failure if task.child else None) or task
        return None


class Observer(Protocol):
    """Receives all events of a run, in order."""

    def job_started(self, run: JobRun) -> None:
        """Called when a job's first task is about to be considered."""

    def task_started(self, task_run: TaskRun) -> None:
        """Called when a task starts; not called for tasks that never start."""

    def task_retried(self, task_run: TaskRun, error: BaseException) -> None:
        """Called when an attempt has failed and another one follows."""

    def task_finished(self, task_run: TaskRun) -> None:
        """Called when a task's state is final, even if the task never started."""

    def job_finished(self, run: JobRun) -> None:
        """Called when every task of a job has its final state."""
