"""Finds and ends the gateway of a folder.

The gateway holds a lock on a file of its folder while it lives, so a process id that another program has got since, for
example after a restart of the machine, is never taken for the gateway's. Only the standard library is imported, so that
`mlops serve-stop` is instant.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

RUNS_ALREADY = 3  # the exit code of a gateway whose folder has another
_STOP_SECONDS = 20.0
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Running:
    """A gateway that runs.

    Attributes:
        pid: Its process id.
        port: The port that it listens on.
        token: What a request must have as its bearer token.
    """

    pid: int
    port: int
    token: str

    def write(self, folder: Path) -> None:
        """Tell others where the gateway is; only the same user may read it."""
        part = folder / "gateway.json.part"
        part.touch(mode=0o600)
        part.write_text(json.dumps(asdict(self)), encoding="utf-8")
        part.replace(folder / "gateway.json")


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[bool]:
    """Hold the lock of a gateway inside the `with` block; give False if a gateway has it."""
    with (folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def find(folder: Path) -> Running | None:
    """Return the gateway of a folder, or None if none runs."""
    if not (folder / "lock").exists():
        return None
    with lock(folder) as is_free:
        if is_free:
            return None
    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline:  # one that has just started has not written its file yet
        gateway = last(folder)
        if gateway is not None and _is_alive(gateway.pid):
            return gateway
        time.sleep(_PAUSE_SECONDS)
    return None


def last(folder: Path) -> Running | None:
    """Return the gateway that ran last, which may have ended."""
    try:
        return Running(**json.loads((folder / "gateway.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def forget(folder: Path) -> Running | None:
    """Return the gateway that ran last, and remove what says where it is."""
    before = last(folder)
    (folder / "gateway.json").unlink(missing_ok=True)
    return before


def stop(folder: Path) -> bool:
    """End the gateway of a folder, and with it the processes that it started; return whether one ran."""
    gateway = find(folder)
    if gateway is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(gateway.pid, number)
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            if _is_free(folder):
                return True
            time.sleep(_PAUSE_SECONDS)
    return True


def _is_free(folder: Path) -> bool:
    if not folder.is_dir():
        return True
    with lock(folder) as is_free:
        return is_free


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
