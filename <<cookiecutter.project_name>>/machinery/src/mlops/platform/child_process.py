"""A process of the same interpreter with the same packages, but without credentials."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# What a process needs besides; neither credentials nor addresses, and not the home folder, where they are.
_KEPT = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "VIRTUAL_ENV")


def isolated_environment(folder: str) -> dict[str, str]:
    """Return the environment variables of such a process.

    An interpreter does not always see what the task that starts it has imported: the platform adds its environments to
    the module search path of the task. So this path is passed on, without what depends on the current folder.

    Args:
        folder: A folder of its own: its home, and where MLflow keeps the database that it creates.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    paths = dict.fromkeys(str(Path(entry).absolute()) for entry in sys.path if entry)
    database = f"sqlite:///{Path(folder).absolute() / 'mlflow.db'}"
    return kept | {"PYTHONPATH": os.pathsep.join(paths), "HOME": folder, "MLFLOW_TRACKING_URI": database}
