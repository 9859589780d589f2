"""Pins the hyperparameter search in project.yml to what a training run has found."""

from __future__ import annotations

import difflib
import io
import os
import sys
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from mlops.config.load import parse
from mlops.errors import ProjectError, first_line
from mlops.project import Project

from ..run import entry_points
from ..run.options import Options
from ..workspace.workspace import Workspace, model_name
from . import edit
from .pinned import of_run, pinned_space


@dataclass(frozen=True)
class Source:
    """The run whose hyperparameters are pinned: its id, or else a version of the registered model."""

    run: str = ""
    version: str = ""


def pin(options: Options, source: Source, keep: str) -> str:
    """Change project.yml, and return what has changed.

    Args:
        options: The project; its target's model has the version.
        source: The run.
        keep: The share of each range to keep around its value; 0 fixes all values.

    Raises:
        ProjectError: There is no such run, or it does not fit the search space; project.yml is then unchanged.
    """
    root, share = options.root, _share(keep)
    project = entry_points.project(entry_points.load(root))
    with redirect_stderr(io.StringIO()):  # what the database says when it is opened
        run, origin = _run(options, source)
    search = project.config.search
    values = of_run(search, run.data.params)
    file = root / "src" / entry_points.package(root) / "project.yml"
    before = file.read_text(encoding="utf-8")
    after = edit.replace_space(before, pinned_space(search, values, share), f"{origin}{_metrics_text(project, run)}")
    parse(after, "the pinned project.yml", _metrics(root))
    beside = file.with_suffix(".yml.new")
    beside.write_text(after, encoding="utf-8")
    beside.replace(file)
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=1)
    return "\n".join([*lines, f"changed: {file.relative_to(root)}; it applies where this code is deployed"])


def _share(text: str) -> float:
    try:
        keep = float(text)
    except ValueError:
        keep = -1.0
    if not 0 <= keep < 1:
        raise ProjectError(f"the share to keep is {text!r}: give a number from 0 (all values fixed) to less than 1.")
    return keep


def _run(options: Options, source: Source) -> tuple[Run, str]:
    """Return the run, and its name in the comment."""
    workspace = Workspace(options.state)
    here = "MLFLOW_TRACKING_URI" not in os.environ  # MLflow itself sets it once the database is open
    if here:
        if not workspace.folder.is_dir():
            raise ProjectError(f"there is no local state in {workspace.folder} yet: run make run JOB=training first.")
        workspace.open_mlflow()
    try:
        if source.run:
            return mlflow.get_run(source.run), f"run {source.run}"
        bundle = options.bundle()
        name = model_name(bundle, next(iter(bundle.config["resources"]["registered_models"])))
        version = MlflowClient().get_model_version(name, source.version)
        return mlflow.get_run(str(version.run_id)), f"version {source.version} of {name}, run {version.run_id}"
    except MlflowException as error:
        where = "local runs" if here else "the runs of MLFLOW_TRACKING_URI"
        raise ProjectError(f"there is no such run or version among {where}: {first_line(error)}") from None


def _metrics_text(project: Project, run: Run) -> str:
    name = f"validation_{project.config.metric}"
    return f", {name} {run.data.metrics[name]:.6g}" if name in run.data.metrics else ""


def _metrics(root: Path) -> ModuleType:
    """Return the module whose metrics project.yml can name."""
    return sys.modules[f"{entry_points.package(root)}.checks"]
