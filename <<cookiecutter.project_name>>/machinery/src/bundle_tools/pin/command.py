"""The command line of `make pin`."""

from __future__ import annotations

import argparse
import difflib
import io
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from pathlib import Path
from types import ModuleType

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from mlops.config.load import parse
from mlops.errors import ProjectError, first_line
from mlops.project import Project

from ..bundle.load import load
from ..run import entry_points
from ..workspace.workspace import Workspace, model_name
from . import edit
from .pinned import of_run, pinned


def main(argv: Sequence[str] | None = None) -> int:
    """Pin the search space and return the exit code: 0 for success, 1 for a mistake."""
    parser = argparse.ArgumentParser(prog="python -m bundle_tools.pin", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--run", default="", help="id of the MLflow run of a training or of one of its trials")
    which.add_argument("--version", default="", help="number of a version of the registered model")
    parser.add_argument("--keep", default="0", help="share of each range to keep around its value (default: 0, fixed)")
    parser.add_argument("--root", type=Path, default=Path(), help="folder with databricks.yml")
    parser.add_argument("--state", type=Path, help="folder of the local state (default: .local in the root folder)")
    parser.add_argument("--target", help="target of the bundle, whose model has the version")
    options = parser.parse_args(argv)
    try:
        print(_pin(options))  # noqa: T201 - output of a command line
    except ProjectError as error:
        print(f"error: {str(error).rstrip('.')}.", file=sys.stderr)  # noqa: T201 - output of a command line
        return 1
    return 0


def _pin(options: argparse.Namespace) -> str:
    """Change project.yml, and return what has changed.

    Raises:
        ProjectError: There is no such run, or it does not fit the search space; project.yml is then unchanged.
    """
    root, keep = options.root.resolve(), _share(options.keep)
    project = entry_points.project(entry_points.load(root))
    with redirect_stderr(io.StringIO()):  # what the database says when it is opened
        run, origin = _run(options, root)
    search = project.config.search
    values = of_run(search, run.data.params)
    file = root / "src" / entry_points.package(root) / "project.yml"
    before = file.read_text(encoding="utf-8")
    after = edit.edited(before, pinned(search, values, keep), f"{origin}{_measured(project, run)}")
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


def _run(options: argparse.Namespace, root: Path) -> tuple[Run, str]:
    """Return the run, and its name in the comment."""
    workspace = Workspace((options.state or root / ".local").resolve())
    here = "MLFLOW_TRACKING_URI" not in os.environ  # MLflow itself sets it once the database is open
    if here:
        if not workspace.folder.is_dir():
            raise ProjectError(f"there is no local state in {workspace.folder} yet: run make run JOB=training first.")
        workspace.open_mlflow()
    try:
        if options.run:
            return mlflow.get_run(options.run), f"run {options.run}"
        bundle = load(root, options.target)
        name = model_name(bundle, next(iter(bundle.config["resources"]["registered_models"])))
        version = MlflowClient().get_model_version(name, options.version)
        return mlflow.get_run(str(version.run_id)), f"version {options.version} of {name}, run {version.run_id}"
    except MlflowException as error:
        where = "local runs" if here else "the runs of MLFLOW_TRACKING_URI"
        raise ProjectError(f"there is no such run or version among {where}: {first_line(error)}") from None


def _measured(project: Project, run: Run) -> str:
    name = f"validation_{project.config.metric}"
    return f", {name} {run.data.metrics[name]:.6g}" if name in run.data.metrics else ""


def _metrics(root: Path) -> ModuleType:
    """Return the module whose metrics project.yml can name."""
    return sys.modules[f"{entry_points.package(root)}.checks"]
