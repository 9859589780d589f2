"""Shows the live progress of a run, and the table at its end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .runs import JobRun, TaskRun, TaskState

_STYLES = {TaskState.SUCCESS: "green", TaskState.FAILED: "red"}


class Progress(logging.Handler):
    """Shows the running task with its latest log line, and a line for each finished task."""

    def __init__(self, console: Console) -> None:
        super().__init__(level=logging.INFO)
        self.console = console
        self._status = console.status("")
        self._task = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Show a log line of the running task."""
        self._status.update(f"[bold]{self._task}[/] {escape(record.getMessage())}")

    def job_started(self, run: JobRun) -> None:
        """Show the name of the job."""
        self.console.print(f"[bold]{run.job_key}[/]")

    def task_started(self, task: TaskRun) -> None:
        """Show the task as running."""
        self._task = f"{task.job_key}.{task.task_key}"
        self._status.update(f"[bold]{self._task}[/]")
        self._status.start()

    def task_retried(self, task: TaskRun, error: BaseException) -> None:
        """Show why the task is retried."""
        self.console.print(f"  {task.task_key} failed and is retried: {error}", markup=False)

    def task_finished(self, task: TaskRun) -> None:
        """Show the task's state and duration."""
        self._status.stop()
        if task.child is None:
            style = _STYLES.get(task.state, "yellow")
            self.console.print(f"  {task.task_key:<20} [{style}]{task.state}[/] {task.seconds:6.1f} s")

    def job_finished(self, run: JobRun) -> None:  # noqa: ARG002 - the observer's signature
        """Stop the spinner."""
        self._status.stop()


@contextmanager
def shown(console: Console) -> Iterator[Progress]:
    """Show the project's log lines on the console inside the `with` block."""
    progress = Progress(console)
    logger = logging.getLogger(__package__.split(".")[0])
    logger.addHandler(progress)
    try:
        yield progress
    finally:
        logger.removeHandler(progress)


def table(run: JobRun) -> Table:
    """Return a table of the tasks of a run and of its child jobs, with states and seconds."""
    shown = Table("job", "task", "state", "seconds")
    shown.columns[3].justify = "right"
    for task in leaves(run):
        style = _STYLES.get(task.state, "yellow")
        shown.add_row(task.job_key, task.task_key, f"[{style}]{task.state}[/]", f"{task.seconds:.1f}")
    return shown


def leaves(run: JobRun) -> Iterator[TaskRun]:
    """Yield the tasks that run code, including those of child jobs, in order."""
    for task in run.tasks.values():
        if task.child is None:
            yield task
        else:
            yield from leaves(task.child)
