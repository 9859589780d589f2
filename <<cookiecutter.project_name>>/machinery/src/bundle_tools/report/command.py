"""The command line of the report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops.errors import ProjectError
from mlops_local.platform import LocalPlatform

from ..bundle.load import Bundle, load
from ..run import entry_points
from ..workspace import engine
from ..workspace.workspace import Workspace, foreign_tables
from .metrics import read
from .page import page


def main(argv: Sequence[str] | None = None) -> int:
    """Write the report and return the exit code: 0 for success, 1 for a mistake."""
    parser = argparse.ArgumentParser(prog="python -m bundle_tools.report", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(), help="folder with databricks.yml")
    parser.add_argument("--state", type=Path, help="folder of the local state (default: .local in the root folder)")
    parser.add_argument("--target", help="target of the bundle (default: the bundle's default target)")
    parser.add_argument("--engine", default="sail", help="sail (default), or spark, which needs Java 17")
    parser.add_argument("--output", type=Path, help="the file to write (default: report.html in the state folder)")
    options = parser.parse_args(argv)
    try:
        print(f"the report is in {write(options)}")  # noqa: T201 - output of a command line
    except ProjectError as error:
        print(f"error: {str(error).rstrip('.')}.", file=sys.stderr)  # noqa: T201 - output of a command line
        return 1
    return 0


def write(options: argparse.Namespace) -> Path:
    """Write the report about the local state, and return its file.

    Raises:
        ProjectError: The bundle has an error, or monitoring has not run yet.
    """
    root = options.root.resolve()
    bundle = load(root, options.target)
    project = entry_points.project(entry_points.load(root))
    workspace = Workspace((options.state or root / ".local").resolve())
    foreign = foreign_tables(bundle, project.config).values()
    with engine.start(options.engine, workspace.catalogs(bundle, foreign)) as spark:
        workspace.register_tables(spark)
        log, history = _tables(bundle)
        found = read(LocalPlatform(spark, workspace.tables).tables, project.config, log, history)
    file: Path = options.output or workspace.folder / "report.html"
    file.write_text(page(f"{bundle.name}: monitoring in {bundle.target}", project.config, found), encoding="utf-8")
    return file


def _tables(bundle: Bundle) -> tuple[str, str]:
    """Return the names of the inference log and of the history, as the job monitoring gives them to its tasks."""
    for task in bundle.jobs.get("monitoring", {}).get("tasks") or []:
        given = task.get("python_wheel_task", {}).get("named_parameters", {})
        if {"inference_log_table", "history_table"} <= set(given):
            return str(given["inference_log_table"]), str(given["history_table"])
    raise ProjectError("the bundle has no job monitoring with an inference log and a history")
