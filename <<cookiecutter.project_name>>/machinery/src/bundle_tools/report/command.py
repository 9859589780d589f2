"""Writes the report of monitoring."""

from __future__ import annotations

from pathlib import Path

from mlops.errors import ProjectError
from mlops_local.platform import LocalPlatform

from ..bundle.load import Bundle
from ..run import entry_points
from ..run.options import Options
from ..workspace import engine
from ..workspace.workspace import Workspace, foreign_tables
from .metrics import read
from .page import page


def write(options: Options, engine_name: str, output: Path | None = None) -> Path:
    """Write the report about the local state, and return its file.

    Args:
        options: The project.
        engine_name: What reads the tables.
        output: The file to write; None for report.html in the state folder.

    Raises:
        ProjectError: The bundle has an error, or monitoring has not run yet.
    """
    bundle = options.bundle()
    project = entry_points.project(entry_points.load(options.root))
    workspace = Workspace(options.state)
    foreign = foreign_tables(bundle, project.config).values()
    with engine.start(engine_name, workspace.catalogs(bundle, foreign)) as spark:
        workspace.register_tables(spark)
        log, history = _tables(bundle)
        metrics = read(LocalPlatform(spark, workspace.tables).tables, project.config, log, history)
    file = output or workspace.folder / "report.html"
    file.write_text(page(f"{bundle.name}: monitoring in {bundle.target}", project.config, metrics), encoding="utf-8")
    return file


def _tables(bundle: Bundle) -> tuple[str, str]:
    """Return the names of the inference log and of the history, as the job monitoring gives them to its tasks."""
    for task in bundle.jobs.get("monitoring", {}).get("tasks") or []:
        given = task.get("python_wheel_task", {}).get("named_parameters", {})
        if {"inference_log_table", "history_table"} <= set(given):
            return str(given["inference_log_table"]), str(given["history_table"])
    raise ProjectError("the bundle has no job monitoring with an inference log and a history")
