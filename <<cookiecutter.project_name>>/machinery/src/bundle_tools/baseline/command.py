"""Tries several model families within a time budget, and writes the best beside your files."""

from __future__ import annotations

import re
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from rich.console import Console

from mlops.errors import ProjectError
from mlops.model_search import files

from ..run import entry_points
from ..run.options import Options
from ..run.session import Request, run_to_success
from ..workspace.source_data import SourceData


def run(options: Options, budget: str, engine: str, source: SourceData, console: Console) -> None:
    """Run the jobs features and baseline locally, and write the files of the winner.

    Raises:
        ProjectError: The budget is not a number of seconds, or a job fails.
    """
    if not re.fullmatch(r"\d+(\.\d+)?", budget) or not float(budget):
        raise ProjectError(f"the budget is {budget!r}: give the number of seconds, greater than 0.")
    run_to_success(options, Request("features", {}, engine, source), console, summarise=False)
    job = Request("baseline", {"budget_seconds": budget}, engine, SourceData())
    (task,) = run_to_success(options, job, console).tasks.values()
    run_id = str(task.values["baseline_run_id"])
    written = " and ".join(str(file.relative_to(options.root)) for file in write(run_id, options.root))
    yours = f"src/{entry_points.package(options.root)}"
    message = (
        f"written: {written}: put them in the place of {yours}/model.py and of the block search of {yours}/project.yml"
    )
    console.print(message, markup=False, highlight=False, soft_wrap=True)


def write(run_id: str, root: Path) -> list[Path]:
    """Write the files of the winner that a run has logged to the folder `baseline` of the project, and return them.

    Files of an earlier baseline are replaced; your own files are never touched.
    """
    paths = []
    for artifact in MlflowClient().list_artifacts(run_id, "baseline"):
        if artifact.path in {files.MODEL, files.SEARCH}:
            file = root / artifact.path
            file.parent.mkdir(exist_ok=True)
            file.write_text(mlflow.artifacts.load_text(f"runs:/{run_id}/{artifact.path}"), encoding="utf-8")
            paths.append(file)
    return sorted(paths)
