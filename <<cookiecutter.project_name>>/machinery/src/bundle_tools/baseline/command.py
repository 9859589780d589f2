"""The command line of `make baseline`."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from rich.console import Console

from mlops.errors import ProjectError
from mlops.model_search import files

from ..run import entry_points
from ..run.session import Options, Request, finished
from ..workspace.source_data import SourceData


def main(argv: Sequence[str] | None = None) -> int:
    """Run the baseline and return the exit code: 0 for success, 1 for a mistake or a failed task."""
    parser = argparse.ArgumentParser(prog="python -m bundle_tools.baseline", description=__doc__)
    parser.add_argument("--budget", default="60", metavar="SECONDS", help="how long models are tried (default: 60)")
    parser.add_argument("--root", type=Path, default=Path(), help="folder with databricks.yml")
    parser.add_argument("--state", type=Path, help="folder of the local state (default: .local in the root folder)")
    parser.add_argument("--engine", default="sail", help="sail (default), or spark, which needs Java 17")
    parser.add_argument("--source", default="", help="as in make run")
    parser.add_argument("--rows", type=int, help="fill the source table with this many example rows")
    given = parser.parse_args(argv)
    root = given.root.resolve()
    options = Options(root, (given.state or root / ".local").resolve(), "dev", {})
    try:
        _run(options, given, Console())
    except ProjectError as error:
        print(f"error: {str(error).rstrip('.')}.", file=sys.stderr)  # noqa: T201 - output of a command line
        return 1
    return 0


def _run(options: Options, given: argparse.Namespace, console: Console) -> None:
    if not re.fullmatch(r"\d+(\.\d+)?", given.budget) or not float(given.budget):
        raise ProjectError(f"the budget is {given.budget!r}: give the number of seconds, greater than 0.")
    source = SourceData(files=given.source, rows=given.rows)
    finished(options, Request("features", {}, given.engine, source), console, summarise=False)
    job = Request("baseline", {"budget_seconds": given.budget}, given.engine, SourceData())
    (task,) = finished(options, job, console).tasks.values()
    run_id = str(task.values["baseline_run_id"])
    written = " and ".join(str(file.relative_to(options.root)) for file in write(run_id, options.root))
    yours = f"src/{entry_points.package(options.root)}"
    said = (
        f"written: {written}: put them in the place of {yours}/model.py and of the block search of {yours}/project.yml"
    )
    console.print(said, markup=False, highlight=False, soft_wrap=True)


def write(run_id: str, root: Path) -> list[Path]:
    """Write the files of the winner that a run has logged to the folder `baseline` of the project, and return them.

    Files of an earlier baseline are replaced; your own files are never touched.
    """
    found = []
    for one in MlflowClient().list_artifacts(run_id, "baseline"):
        if one.path in {files.MODEL, files.SEARCH}:
            file = root / one.path
            file.parent.mkdir(exist_ok=True)
            file.write_text(mlflow.artifacts.load_text(f"runs:/{run_id}/{one.path}"), encoding="utf-8")
            found.append(file)
    return sorted(found)
