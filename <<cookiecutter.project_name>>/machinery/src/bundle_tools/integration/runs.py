"""Starts a job in the workspace, waits for it, and returns the result of each of its tasks, also of nested jobs."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import FrameType

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import Run, RunResultState, RunTask

from mlops.errors import ProjectError

PAUSE = 10.0
_ENDED = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")


@dataclass(frozen=True)
class TaskResult:
    """A task as it ended.

    Attributes:
        path: Keys of the jobs and the task, such as `lifecycle/training/train`.
        state: SUCCESS, FAILED, TIMEDOUT, EXCLUDED, ...
        seconds: How long it took, with its set-up and retries.
        error: The first line of the error; empty if there is none.
        parameters: The parameters of a wheel task, with the task values that its references stand for.
        run_id: The id of its run; 0 if it never started.
    """

    path: str
    state: str
    seconds: float
    error: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    run_id: int = 0


@dataclass(frozen=True)
class JobResult:
    """A job as it ended, with its page in the workspace."""

    job: str
    state: str
    seconds: float
    page: str
    tasks: tuple[TaskResult, ...]

    @property
    def succeeded(self) -> bool:
        """Whether the job succeeded."""
        return self.state == RunResultState.SUCCESS.value


@dataclass(frozen=True)
class Waiting:
    """How to wait for runs.

    Attributes:
        end: When to give up, in the time of `time.monotonic`.
        renew_login: Is called before each look at a run.
        pause: Seconds between two looks.
    """

    end: float
    renew_login: Callable[[], None]
    pause: float = PAUSE


def run_job(
    client: WorkspaceClient, job: str, job_id: int, parameters: Mapping[str, str], waiting: Waiting
) -> JobResult:
    """Run a job and wait for it. If time is up, or this process is told to stop, the run is cancelled.

    Args:
        client: The workspace.
        job: The job's key in the bundle.
        job_id: Its id in the workspace.
        parameters: Job parameters.
        waiting: How long to wait.

    Raises:
        ProjectError: Time is up.
    """
    run_id = int(client.jobs.run_now(job_id, job_parameters=dict(parameters)).run_id)
    with _cancel_if_stopped(client, run_id):
        while True:
            waiting.renew_login()
            run = client.jobs.get_run(run_id, include_resolved_values=True)
            if _state(run).life_cycle in _ENDED:
                break
            if time.monotonic() > waiting.end:
                raise ProjectError(f"job {job} did not end in time, so it was cancelled: {run.run_page_url}")
            time.sleep(waiting.pause)
    return JobResult(
        job, _state(run).result, (run.run_duration or 0) / 1000, run.run_page_url or "", tuple(_tasks(client, run, job))
    )


@contextmanager
def _cancel_if_stopped(client: WorkspaceClient, run_id: int) -> Iterator[None]:
    """Cancel the run if the block raises, also because CI stops this process with SIGTERM."""

    def stop(number: int, _: FrameType | None) -> None:
        raise KeyboardInterrupt(f"stopped by signal {number}")

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except BaseException:
        client.jobs.cancel_run(run_id)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _tasks(client: WorkspaceClient, run: Run, path: str) -> Iterator[TaskResult]:
    for task in run.tasks or []:
        below = f"{path}/{task.task_key}"
        nested = _nested_run(client, task) if task.run_job_task is not None else None
        if nested is not None:
            yield from _tasks(client, nested, below)
            if _state(nested).result == RunResultState.SUCCESS.value:
                continue
        state = _state(task)
        values = task.resolved_values.python_wheel_task if task.resolved_values else None
        seconds = ((task.end_time or 0) - (task.start_time or 0)) / 1000 if task.end_time else 0.0
        error = (state.message or "").strip().partition("\n")[0] if state.result != "SUCCESS" else ""
        named = (values.named_parameters if values else None) or {}
        yield TaskResult(below, state.result, seconds, error, named, task.run_id or 0)


def _nested_run(client: WorkspaceClient, task: RunTask) -> Run | None:
    if task.run_id is None:
        return None
    started = client.jobs.get_run_output(task.run_id).run_job_output
    run_id = started.run_id if started else None
    return client.jobs.get_run(run_id, include_resolved_values=True) if run_id else None


@dataclass(frozen=True)
class _State:
    life_cycle: str
    result: str
    message: str


def _state(run: Run | RunTask) -> _State:
    state = run.state
    life_cycle = state.life_cycle_state.value if state and state.life_cycle_state else "PENDING"
    result = state.result_state.value if state and state.result_state else life_cycle
    return _State(life_cycle, result, (state.state_message if state else None) or "")


def minutes_from_now(minutes: float) -> float:
    """Return the time of `time.monotonic` in this many minutes."""
    return time.monotonic() + timedelta(minutes=minutes).total_seconds()
