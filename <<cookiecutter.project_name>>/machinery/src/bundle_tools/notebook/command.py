"""The command line of `make notebook`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from mlops.errors import ProjectError
from mlops.platform.base import use
from mlops_local.platform import LocalPlatform

from ..arguments import key_value
from ..bundle.load import load
from ..run import entry_points
from ..workspace import engine
from ..workspace.workspace import Workspace, foreign_tables
from . import cells, execute
from .page import page


def main(argv: Sequence[str] | None = None) -> int:
    """Run a notebook and return the exit code: 0 for success, 1 for a mistake or a cell that fails."""
    parser = argparse.ArgumentParser(prog="python -m bundle_tools.notebook", description=__doc__)
    parser.add_argument("notebook", type=Path, nargs="?", default=Path("notebooks/explore.py"))
    parser.add_argument("--root", type=Path, default=Path(), help="folder with databricks.yml")
    parser.add_argument("--state", type=Path, help="folder of the local state (default: .local in the root folder)")
    parser.add_argument("--target", help="target of the bundle (default: the bundle's default target)")
    parser.add_argument("--engine", default="sail", help="sail (default), or spark, which needs Java 17")
    parser.add_argument(
        "--param", type=key_value, action="append", default=[], metavar="NAME=VALUE", help="the value of a widget"
    )
    options = parser.parse_args(argv)
    try:
        print(f"what the notebook shows is in {_run(options, Console())}")  # noqa: T201 - output of a command line
    except ProjectError as error:
        print(f"error: {str(error).rstrip('.')}.", file=sys.stderr)  # noqa: T201 - output of a command line
        return 1
    return 0


def _run(options: argparse.Namespace, console: Console) -> Path:
    """Run the notebook on the local state, and return the file of its page.

    Raises:
        ProjectError: The notebook or the bundle has an error, or a cell fails; an earlier page is then kept.
    """
    root, notebook = options.root.resolve(), options.notebook.resolve()
    found = cells.read(notebook)
    bundle = load(root, options.target)
    project = entry_points.project(entry_points.load(root))
    workspace = Workspace((options.state or root / ".local").resolve())
    foreign = foreign_tables(bundle, project.config).values()
    widgets = {"target": bundle.target, **dict(options.param)}
    last = max(cell.line for cell in found)
    with (
        engine.start(options.engine, workspace.catalogs(bundle, foreign)) as spark,
        console.status(f"running {notebook.name}") as status,
        use(LocalPlatform(spark, workspace.tables)),
    ):
        workspace.register_tables(spark)
        ran = execute.run(
            found,
            notebook,
            spark,
            widgets,
            lambda cell: status.update(f"running {notebook.name}, line {cell.line} of {last}"),
        )
    file = workspace.folder / f"{notebook.stem}.html"
    workspace.folder.mkdir(parents=True, exist_ok=True)
    file.write_text(page(f"{bundle.name}: {notebook.stem}", ran), encoding="utf-8")
    return file
