"""Runs a job with `max_concurrent_runs: 1` once at a time, also across processes, as Databricks does."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from mlops.errors import ProjectError

Turn = Callable[[str, Mapping[str, Any]], AbstractContextManager[None]]


def any_turn(_job_key: str, _job: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Let every run start at once."""
    return nullcontext()


def turns(folder: Path, waiting: Callable[[str], None]) -> Turn:
    """Return what waits for a job's turn: a context manager that is entered when the run may start.

    The operating system releases the turn when the process ends, however it ends.

    Args:
        folder: Where the lock files are; the processes that share it take turns.
        waiting: Called with the job's key when a run has to wait.
    """

    @contextmanager
    def turn(job_key: str, job: Mapping[str, Any]) -> Iterator[None]:
        if job.get("max_concurrent_runs", 1) != 1:
            yield
            return
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{job_key}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not (job.get("queue") or {}).get("enabled"):
                    raise ProjectError(
                        f"another run of the job {job_key} is active and the job has no queue: run it again later."
                    ) from None
                waiting(job_key)
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    return turn
