"""Questions about the process of a task: its utilities, its interpreter, its packages, and where MLflow keeps what."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass

import mlflow
from mlflow import MlflowClient

from ..errors import ProjectError
from ..platform.base import Platform
from ..platform.child_process import isolated_environment
from ..project import Project
from . import packages
from .answer import NotAskedError

_SECONDS = 120


@dataclass(frozen=True)
class Interpreter:
    """What these questions need to know.

    Attributes:
        project: The project.
        platform: The platform of the task.
        experiment_id: The experiment of training runs.
        model_name: Three-level name of the registered model.
        replaced: The packages whose versions the environment of the jobs replaces on purpose, separated by spaces.
    """

    project: Project
    platform: Platform
    experiment_id: str
    model_name: str
    replaced: str


def utilities(probed: Interpreter) -> str:
    """Which class sets task values."""
    return probed.platform.require_task_values()


def child_process(probed: Interpreter) -> str:
    """Whether another process of the same interpreter imports MLflow and the project.

    Validation loads each version in such a process. It gets the module search path of the task.
    """
    modules = ["mlflow", *sorted(probed.project.packages)]
    with tempfile.TemporaryDirectory() as folder:
        passed_on = isolated_environment(folder)
        alone = {name: value for name, value in passed_on.items() if name != "PYTHONPATH"}
        lacking = _error(modules, folder, alone)
        if lacking is None:
            return f"{sys.executable} imports {', '.join(modules)} in a new process"
        if (error := _error(modules, folder, passed_on)) is not None:
            raise ProjectError(f"a new process of {sys.executable} cannot import {', '.join(modules)}: {error}")
    return (
        f"{sys.executable} imports {', '.join(modules)} in a new process only with the module search path of the task, "
        f"which validation passes on ({lacking})"
    )


def _error(modules: list[str], folder: str, environment: dict[str, str]) -> str | None:
    """Return the last line of the error of importing modules in a process, or None if there is none."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and modules
        [sys.executable, "-c", f"import {', '.join(modules)}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    if done.returncode == 0:
        return None
    return (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]


def tracking(probed: Interpreter) -> str:
    """Whether the experiment is where MLflow tracks runs, and the model where it registers models."""
    client = MlflowClient()
    experiment = client.get_experiment(probed.experiment_id)
    client.get_registered_model(probed.model_name)
    return (
        f"runs in {mlflow.get_tracking_uri()}, models in {mlflow.get_registry_uri()}; the experiment {experiment.name} "
        f"keeps its files in {experiment.artifact_location}"
    )


def versions(probed: Interpreter) -> str:
    """Whether the packages of the platform still have its versions."""
    pins = packages.pins(probed.project)
    if not pins:
        raise NotAskedError("the versions of the platform are not known here: the wheel has no constraints.txt")
    return packages.compare(pins, probed.replaced.split())
