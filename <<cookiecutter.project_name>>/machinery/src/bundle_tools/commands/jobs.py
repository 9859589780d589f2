"""Commands that run jobs on this machine."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlops.errors import ProjectError

from .importing import importing
from .parameters import ENGINE, ROWS, SOURCE, Day, KeyValue, Pairs, Whole, of_project

if TYPE_CHECKING:
    from ..run.options import Options


def _jobs(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return the jobs for the completion, by the names of their files."""
    folder = Path(ctx.params.get("root") or ".") / "resources"
    names = sorted(file.name.removesuffix(".job.yml") for file in folder.glob("*.job.yml"))
    return [name for name in names if name.startswith(incomplete)]


@click.command("run")
@click.argument("job", default="lifecycle", shell_complete=_jobs)
@click.option(
    "--param", "parameters", type=KeyValue(), multiple=True, help="A job parameter; may be given several times."
)
@SOURCE
@ROWS
@click.option("--drift-from", type=Day(), help="First day of drift in the example rows.")
@click.option("--approve", default="", metavar="VERSION", help="Approve this model version, which you have seen.")
@click.option("--port", type=Whole(65535), help="Port of the local endpoint.  [default: one that is free]")
@click.option("--on", type=click.Choice(["databricks"]), help="Run this code here, but against the dev workspace.")
@click.option("--profile", default="", help="With --on databricks: a profile of `databricks auth login`.")
@ENGINE
@of_project("state", "target", "variables")
def run(
    options: Options,
    job: str,
    parameters: Pairs,
    source: str,
    rows: int | None,
    drift_from: date | None,
    approve: str,
    port: int | None,
    on: str | None,
    profile: str,
    engine: str,
) -> None:
    """Run a job, and the jobs that it starts.

    JOB is the key of a job in resources/*.job.yml; without it the whole lifecycle runs: features, training, inference
    and monitoring. For example: mlops run training --param trials=5 --param seed=1
    """
    if source and (rows or drift_from):
        raise ProjectError("--source cannot be combined with --rows or --drift-from, which are for example data.")
    with importing():
        from rich.console import Console

        from ..run import session
        from ..workspace.source_data import SourceData
    data = SourceData(files=source, drift_from=drift_from, rows=rows)
    request = session.Request(job, dict(parameters), engine, data, approve, port)
    if on:
        with importing():
            from ..run import remote  # imports the SDK, which takes most of a second
        remote.run(options, request, profile, Console())
    else:
        session.run(options, request, Console())


@click.command("jobs")
@of_project("target", "variables")
def jobs(options: Options) -> None:
    """List the jobs and their tasks in the order in which they run."""
    with importing():
        from rich.console import Console

        from ..run import session
    session.describe_jobs(options, Console())


@click.command("rollback")
@click.option("--reason", required=True, help="Why; it is recorded on the model version.")
@click.option(
    "--to", "version", default="", metavar="VERSION", help="The version to restore.  [default: the champion before]"
)
@ENGINE
@of_project("state", "target", "variables")
def rollback(options: Options, reason: str, version: str, engine: str) -> None:
    """Restore an earlier champion, and pause promotion.

    It stays paused until `mlops resume`.
    """
    _run_job(options, "rollback", {"reason": reason, "to_version": version}, engine)


@click.command("resume")
@click.option("--reason", required=True, help="Why; it is recorded on the model.")
@ENGINE
@of_project("state", "target", "variables")
def resume(options: Options, reason: str, engine: str) -> None:
    """Resume automatic promotion after a rollback."""
    _run_job(options, "promotion", {"action": "resume", "reason": reason}, engine)


def _run_job(options: Options, job: str, parameters: dict[str, str], engine: str) -> None:
    with importing():
        from rich.console import Console

        from ..run import session
        from ..workspace.source_data import SourceData
    session.run(options, session.Request(job, parameters, engine, SourceData()), Console())
