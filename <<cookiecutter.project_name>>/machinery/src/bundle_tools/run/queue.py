"""Runs a job with `max_concurrent_runs: 1` once at a time, also across processes, as Databricks does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from uuid import uuid4

from mlops.errors import ProjectError

from ..workspace.lock import exclusive

Turn = Callable[[str, Mapping[str, Any]], AbstractContextManager[None]]


def any_turn(_job_key: str, _job: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Let every run start at once."""
    return nullcontext()


def turns(folder: Path, waiting: Callable[[str], None], another_ran: Callable[[], None] = lambda: None) -> Turn:
    """Return what waits for a job's turn: a context manager that is entered when the run may start.

    The operating system releases the turn when the process ends, however it ends.

    Args:
        folder: Where the lock files are; the processes that share it take turns.
        waiting: Called with the job's key when a run has to wait.
        another_ran: Called before a run starts if another process has run the job since this call.
    """
    known = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.lock")}

    @contextmanager
    def turn(job_key: str, job: Mapping[str, Any]) -> Iterator[None]:
        if job.get("max_concurrent_runs", 1) != 1:
            yield
            return

        def wait() -> None:
            if not (job.get("queue") or {}).get("enabled"):
                raise ProjectError(
                    f"another run of the job {job_key} is active and the job has no queue: run it again later."
                )
            waiting(job_key)

        path = folder / f"{job_key}.lock"
        with exclusive(path, wait) as file:
            file.seek(0)
            if file.read() != known.get(path.name, ""):
                another_ran()
            known[path.name] = uuid4().hex
            file.truncate(0)
            file.write(known[path.name])
            file.flush()
            yield

    return turn
