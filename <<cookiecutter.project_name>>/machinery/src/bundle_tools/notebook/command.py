"""Runs a notebook on the local engine, and writes what it shows to a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from mlops.platform.base import use
from mlops_local.platform import LocalPlatform

from ..run import entry_points
from ..run.options import Options
from ..workspace import engine
from ..workspace.workspace import Workspace, foreign_tables
from . import cells, execute
from .page import page


def run(options: Options, notebook: Path, widgets: Mapping[str, str], engine_name: str, console: Console) -> Path:
    """Run a notebook on the local state, and return the file of its page.

    Args:
        options: The project.
        notebook: The file of the notebook.
        widgets: Values of its widgets by name.
        engine_name: What runs Spark.
        console: Where the cell that runs is shown.

    Raises:
        ProjectError: The notebook or the bundle has an error, or a cell fails; an earlier page is then kept.
    """
    notebook = notebook.resolve()
    notebook_cells = cells.read(notebook)
    bundle = options.bundle()
    project = entry_points.project(entry_points.load(options.root))
    workspace = Workspace(options.state)
    foreign = foreign_tables(bundle, project.config).values()
    last = max(cell.line for cell in notebook_cells)
    with (
        engine.start(engine_name, workspace.catalogs(bundle, foreign)) as spark,
        console.status(f"running {notebook.name}") as status,
        use(LocalPlatform(spark, workspace.tables)),
    ):
        workspace.register_tables(spark)
        ran = execute.run(
            notebook_cells,
            notebook,
            spark,
            {"target": bundle.target, **widgets},
            lambda cell: status.update(f"running {notebook.name}, line {cell.line} of {last}"),
        )
    file = workspace.folder / f"{notebook.stem}.html"
    workspace.folder.mkdir(parents=True, exist_ok=True)
    file.write_text(page(f"{bundle.name}: {notebook.stem}", ran), encoding="utf-8")
    return file
