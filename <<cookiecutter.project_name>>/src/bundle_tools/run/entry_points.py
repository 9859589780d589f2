"""Loads, describes and calls the entry points that `pyproject.toml` declares."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from mlops.errors import ProjectError
from mlops.platform.base import Platform, use
from mlops.project import Project
from mlops.tasks.task import Task, text_problem

from .scheduler import WheelTask
from .task_order import EntryPoint

Tasks = Mapping[str, Task[Any, Any]]


def package(root: Path) -> str:
    """Return the name of the project's distribution, as in the name of its wheel."""
    return str(_pyproject(root)["project"]["name"]).replace("-", "_")


def load(root: Path) -> Tasks:
    """Import every entry point of the project.

    Raises:
        ProjectError: One cannot be imported, or is not a task.
    """
    scripts: Mapping[str, str] = _pyproject(root)["project"].get("scripts", {})
    return {name: _import(name, target) for name, target in scripts.items()}


def project(tasks: Tasks) -> Project:
    """Return the project of the entry points.

    Raises:
        ProjectError: `pyproject.toml` declares no entry point.
    """
    if not tasks:
        raise ProjectError("pyproject.toml declares no entry points: list those of entry_points.py in project.scripts.")
    return next(iter(tasks.values())).project


def describe(tasks: Tasks) -> dict[str, EntryPoint]:
    """Return the parameters and task values of each task."""
    return {
        name: EntryPoint(
            name=name,
            parameters={field: info.is_required() for field, info in task.parameters.model_fields.items()},
            values=frozenset(task.values.model_fields),
            problem=partial(text_problem, task.parameters),
            optional_together=task.parameters.optional_together(),
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

    def call(entry_point: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        platform.task_values.clear()
        with use(platform):
            tasks[entry_point]([f"--{name}={value}" for name, value in parameters.items()])
        return dict(platform.task_values)

    return call


def _pyproject(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def _import(name: str, target: str) -> Task[Any, Any]:
    module, _, attribute = target.partition(":")
    try:
        task = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ProjectError(f"entry point {name} = {target!r} of pyproject.toml cannot be imported: {error}.") from error
    if not isinstance(task, Task):
        raise ProjectError(
            f"entry point {name} = {target!r} of pyproject.toml is not a task: make it `Task(run, PROJECT)`."
        )
    return task
