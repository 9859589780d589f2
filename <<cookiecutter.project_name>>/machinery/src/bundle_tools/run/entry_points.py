"""Loads, describes and calls the entry points of the project: `mlops.ENTRY_POINTS`, made of its `entry_points.py`."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from mlops import parameters
from mlops.errors import ProjectError
from mlops.platform.base import Platform, use
from mlops.project import Project
from mlops.tasks import ENTRY_POINTS
from mlops.tasks.task import Task

from .scheduler import WheelTask
from .task_order import EntryPoint

Tasks = Mapping[str, Task[Any, Any]]


def package(root: Path) -> str:
    """Return the name of the project's distribution, as in the name of its wheel."""
    return str(_pyproject(root)["project"]["name"]).replace("-", "_")


def load(root: Path) -> Tasks:
    """Return every entry point of the project.

    Raises:
        ProjectError: One cannot be imported, or is not a task.
    """
    name = f"{package(root)}.entry_points"
    try:
        module = importlib.import_module(name)
        return {entry_point: _task(module, entry_point) for entry_point in ENTRY_POINTS}
    except (ImportError, AttributeError) as error:
        raise ProjectError(f"the entry points of {name} cannot be imported: {error}.") from error


def _task(module: ModuleType, entry_point: str) -> Task[Any, Any]:
    task = getattr(module, entry_point)
    if not isinstance(task, Task):
        raise ProjectError(f"{entry_point} of {module.__name__} is not a task: return `entry_point(name, PROJECT)`.")
    return task


def project(tasks: Tasks) -> Project:
    """Return the project of the entry points."""
    return next(iter(tasks.values())).project


def describe(tasks: Tasks) -> dict[str, EntryPoint]:
    """Return the parameters and task values of each task."""
    return {
        name: EntryPoint(
            name=name,
            parameters=parameters.requirements(task.parameters),
            values=frozenset(task.values.model_fields),
            problem=partial(parameters.text_problem, task.parameters),
            optional_together=parameters.optional_together(task.parameters),
        )
        for name, task in tasks.items()
    }


class KeepsTaskValues(Platform, Protocol):
    """A platform that keeps task values for the runner."""

    @property
    def task_values(self) -> dict[str, str]:
        """The task values that were published since this was last cleared."""


def caller(tasks: Tasks, platform: KeepsTaskValues) -> WheelTask:
    """Return a function that calls an entry point the way Databricks does, and returns the task values that it set."""

    def call(entry_point: str, given: Mapping[str, str]) -> Mapping[str, Any]:
        platform.task_values.clear()
        with use(platform):
            tasks[entry_point]([f"--{name}={value}" for name, value in given.items()])
        return dict(platform.task_values)

    return call


def _pyproject(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
