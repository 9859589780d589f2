"""Commands for the work on a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .importing import importing
from .parameters import ENGINE, PATH, ROWS, SOURCE, KeyValue, Pairs, of_project

if TYPE_CHECKING:
    from ..run.options import Options


@click.command("check")
@click.argument("only", default="", metavar="[NAME]")
@of_project()
def check(options: Options, only: str) -> None:
    """Check the bundle and the code, offline.

    The bundle is checked in every target, the code against its configuration, and the machinery against its digests.
    NAME is part of the theme or of the name of the checks to make; without it, all are made.
    """
    with importing():
        from rich.console import Console

        from ..check import report
    click.get_current_context().exit(report.check(options.root, Console(), only=only))


@click.command("notebook")
@click.argument("file", type=PATH, default=Path("notebooks/explore.py"))
@click.option(
    "--param", "widgets", type=KeyValue(), multiple=True, help="The value of a widget; may be given several times."
)
@ENGINE
@of_project("state", "target", "variables")
def notebook(options: Options, file: Path, widgets: Pairs, engine: str) -> None:
    """Run a notebook, and write a page of what it shows.

    FILE is a notebook in Databricks' source format; without it, notebooks/explore.py. Compute the features first: mlops
    run features.
    """
    with importing():
        from rich.console import Console

        from ..notebook import command
    page = command.run(options, file, dict(widgets), engine, Console())
    click.echo(f"what the notebook shows is in {page}")


@click.command("baseline")
@click.option("--budget", default="60", metavar="SECONDS", show_default=True, help="How long models are tried.")
@SOURCE
@ROWS
@ENGINE
@of_project("state", "variables")
def baseline(options: Options, budget: str, source: str, rows: int | None, engine: str) -> None:
    """Try several model families within a budget of time.

    The best is written to the folder baseline, beside your own files, which stay as they are.
    """
    with importing():
        from rich.console import Console

        from ..baseline import command
        from ..workspace.source_data import SourceData
    command.run(options, budget, engine, SourceData(files=source, rows=rows), Console())


@click.command("pin")
@click.option("--run", "run", default="", metavar="ID", help="The MLflow run of a training, or of one of its trials.")
@click.option("--version", default="", metavar="NUMBER", help="Instead of a run: a version of the registered model.")
@click.option(
    "--keep",
    default="0",
    metavar="SHARE",
    show_default=True,
    help="Share of each range to keep around its value; 0 fixes it.",
)
@of_project("state", "target", "variables")
def pin(options: Options, run: str, version: str, keep: str) -> None:
    """Fix or narrow the hyperparameter search to what a run found.

    It changes the search in project.yml, and shows how.
    """
    if bool(run) == bool(version):
        raise click.UsageError(
            "give either a run with --run or a model version with --version", click.get_current_context()
        )
    with importing():
        from ..pin import command
    click.echo(command.pin(options, command.Source(run, version), keep))
