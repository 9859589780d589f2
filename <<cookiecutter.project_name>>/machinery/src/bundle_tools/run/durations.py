"""Tells the platform how long the last run of each job took, as Databricks does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .runs import JobRun, Observer, TaskRun


class Timed(Protocol):
    """A platform that is told how long jobs take."""

    @property
    def minutes(self) -> dict[str, float]:
        """How many minutes the last run of each job took, by its key."""


@dataclass(frozen=True)
class Durations:
    """Passes all events on to another observer.

    Attributes:
        platform: Is told the minutes.
        observer: Receives all events too.
    """

    platform: Timed
    observer: Observer

    def job_started(self, run: JobRun) -> None:
        """Pass it on."""
        self.observer.job_started(run)

    def task_started(self, task_run: TaskRun) -> None:
        """Pass it on."""
        self.observer.task_started(task_run)

    def task_retried(self, task_run: TaskRun, error: BaseException) -> None:
        """Pass it on."""
        self.observer.task_retried(task_run, error)

    def task_finished(self, task_run: TaskRun) -> None:
        """Pass it on."""
        self.observer.task_finished(task_run)

    def job_finished(self, run: JobRun) -> None:
        """Note the minutes of the job, and pass it on."""
        self.platform.minutes[run.job_key] = sum(task.seconds for task in run.tasks.values()) / 60
        self.observer.job_finished(run)
