"""The tasks of the jobs. Each has a module with its parameters, its task values and `run`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import ProjectError, did_you_mean
from ..project import Project
from .task import Task

# The wheel has an entry point for each, which the job files name as `entry_point`. (`hatch_build.py` reads this tuple.)
ENTRY_POINTS = (
    "approve",
    "baseline",
    "batch_inference",
    "change_champion",
    "check_metrics",
    "check_rollout",
    "compare",
    "compute_features",
    "deliver",
    "explain",
    "find_rollout",
    "probe_process",
    "probe_workspace",
    "refresh_metrics",
    "snapshot",
    "stream_inference",
    "train",
    "update_inference_log",
    "validate",
)


def entry_point(name: str, project: Project) -> Task[Any, Any]:
    """Return the entry point of this name, which runs a task of the project; only its own modules are imported.

    Raises:
        ProjectError: There is no such entry point.
    """
    if name not in ENTRY_POINTS:
        raise ProjectError(f"there is no entry point {name!r}{did_you_mean(name, ENTRY_POINTS)}")
    return Task(import_module(f".{name}", __name__).run, project)
