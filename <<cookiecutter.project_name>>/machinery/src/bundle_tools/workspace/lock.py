"""A lock file that processes on this machine take turns to hold."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def exclusive(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[TextIO]:
    """Hold a lock file, which is open for reading and writing, inside the `with` block.

    The operating system releases it when the process ends, however it ends.

    Args:
        path: The file; it and its folder are made if there is none.
        waiting: Called if another process holds it, before this one waits. It may raise an error instead.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file
