"""Commands that look at what has run on this machine: predictions, monitoring, and the local endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..serving.limits import Bounds, Load
from .importing import importing
from .parameters import ENGINE, PATH, Whole, of_project, target_argument

if TYPE_CHECKING:
    from ..run.options import Options
    from ..run.prediction import Asked

_MOST_SECONDS = 1800  # a login lasts an hour
KEY = click.argument("key", required=False)
JSON = click.option("--json", "file", type=PATH, metavar="FILE", help="A JSON file with a row, or a list of rows.")


def _which_row(key: str | None, file: Path | None) -> Asked:
    if (key is None) == (file is None):
        raise click.UsageError("give either the key of a row or a file with --json", click.get_current_context())
    with importing():
        from ..run.prediction import Asked
    return Asked(key or "", file)


@click.command("predict")
@KEY
@JSON
@ENGINE
@of_project("state", "target", "variables")
def predict(options: Options, key: str | None, file: Path | None, engine: str) -> None:
    """Show what the champion predicts for a row, and from what.

    KEY is the key of a row of the source.
    """
    request = _which_row(key, file)
    with importing():
        from rich.console import Console

        from ..run import session
    session.predict(options, request, engine, Console())


@click.command("query")
@KEY
@JSON
@ENGINE
@of_project("state", "target", "variables")
def query(options: Options, key: str | None, file: Path | None, engine: str) -> None:
    """Ask the local endpoint for a prediction, as a caller does.

    KEY is the key of a row of the source. `mlops run` starts the endpoint of a project that serves models.
    """
    request = _which_row(key, file)
    with importing():
        from rich.console import Console

        from ..serving.query import query as ask
    ask(options, request, engine, Console())


@click.command("serve-stop")
@of_project("state")
def serve_stop(options: Options) -> None:
    """End the local endpoint and its processes."""
    from ..serving import running

    has_ended = running.stop(options.state / "serving")
    click.echo("the local endpoint has ended" if has_ended else "no local endpoint runs")


@click.command("load-test")
@target_argument
@click.option("--prefix", default="", help="Prefix of all names of the deployment, such as pr12_.")
@click.option("--users", type=Whole(1000), default=Load.users, show_default=True, help="Callers at the same time.")
@click.option("--seconds", type=Whole(_MOST_SECONDS), default=Load.seconds, show_default=True, help="For how long.")
@click.option("--p95-ms", type=float, default=Bounds.p95_ms, show_default=True, help="Bound of the 95th percentile.")
@click.option(
    "--error-share", type=float, default=Bounds.error_share, show_default=True, help="Bound of failed requests."
)
@click.option(
    "--json", "file", type=PATH, metavar="FILE", help="Rows to ask about.  [default: rows of the training table]"
)
@ENGINE
@of_project()
def load_test(
    options: Options,
    target: str | None,
    prefix: str,
    users: int,
    seconds: int,
    p95_ms: float,
    error_share: float,
    file: Path | None,
    engine: str,
) -> None:
    """Load an endpoint, and fail if it is too slow.

    Without TARGET it is the local endpoint. With one it is the endpoint of that deployment, with your login.
    """
    with importing():
        import logging

        from ..serving import load_test as tests
    logging.getLogger("databricks.sdk").setLevel(logging.ERROR)
    choice = tests.Choice(target, prefix, file, engine)
    tests.load_test(options.root, choice, Load(users, seconds), Bounds(p95_ms, error_share))


@click.command("report")
@click.option(
    "--output", type=PATH, metavar="FILE", help="The file to write.  [default: report.html in the local state]"
)
@ENGINE
@of_project("state", "target", "variables")
def report(options: Options, output: Path | None, engine: str) -> None:
    """Write a page about the monitoring of local runs."""
    with importing():
        from ..report.command import write
    click.echo(f"the report is in {write(options, engine, output)}")


@click.command("ui")
@of_project("state")
def ui(options: Options) -> None:
    """Open the MLflow UI with the local runs and models."""
    with importing():
        from ..run.ui import open_ui
    open_ui(options)
