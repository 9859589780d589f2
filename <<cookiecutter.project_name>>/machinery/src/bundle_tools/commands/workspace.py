"""Commands about deployments in a workspace, for people and for CI."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import click

from ..integration.limits import Limits
from .importing import importing
from .parameters import KeyValue, Pairs, Whole, of_project, target_argument

if TYPE_CHECKING:
    from ..deployment.deployment import Deployment
    from ..run.options import Options

PREFIX = click.option("--prefix", default="", help="Prefix of all names of a temporary deployment, such as pr12_.")
COMMIT = click.option("--commit", default="", help="Take the files of this earlier commit: a rollback of the code.")

FORCE_LOCK = click.option(
    "--force-lock",
    is_flag=False,
    flag_value="1",
    type=click.Choice(["1"]),
    metavar="",
    help="Take the lock although somebody holds it; only after a deployment was cut off.",
)


def _deployment(options: Options, target: str | None, prefix: str) -> Deployment:
    with importing():
        from ..deployment.deployment import open_deployment
    _log()
    return open_deployment(options.root, target, prefix)


def _log() -> None:
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    logging.getLogger("databricks.sdk").setLevel(logging.ERROR)


@click.command("doctor")
@target_argument
@click.option(
    "--var", "variables", type=KeyValue(), multiple=True, help="A bundle variable; may be given several times."
)
@of_project()
def doctor(options: Options, target: str | None, variables: Pairs) -> None:
    """List what a workspace lacks for a first deployment.

    TARGET is the target of the bundle; nothing is changed. The exit code is 0 if nothing is missing.
    """
    with importing():
        from dataclasses import replace

        from rich.console import Console

        from ..doctor.diagnose import diagnose
    logging.getLogger("databricks.sdk").setLevel(logging.ERROR)  # the findings already include its warnings
    is_complete = diagnose(replace(options, target=target, variables=dict(variables)), Console())
    click.get_current_context().exit(0 if is_complete else 1)


@click.command("bootstrap")
@target_argument
@click.option(
    "--apply",
    is_flag=False,
    flag_value="1",
    type=click.Choice(["1"]),
    metavar="",
    help="Set up what is missing, instead of listing it.",
)
@of_project()
def bootstrap(options: Options, target: str | None, apply: str | None) -> None:
    """List what an administrator sets up for a target, or set it up.

    TARGET is the target of the bundle. Each missing thing is listed with the documented call that makes it: a command
    of the Databricks CLI, or an SQL statement. With --apply, what is missing is made, and mlops doctor follows.
    """
    with importing():
        from dataclasses import replace

        from rich.console import Console

        from ..bootstrap.bootstrap import bootstrap as set_up
    logging.getLogger("databricks.sdk").setLevel(logging.ERROR)
    is_complete = set_up(replace(options, target=target), Console(), apply=apply is not None)
    click.get_current_context().exit(0 if is_complete else 1)


@click.command("validate")
@target_argument
@PREFIX
@of_project()
def validate(options: Options, target: str | None, prefix: str) -> None:
    """Validate the bundle with the Databricks CLI, strictly."""
    _deployment(options, target, prefix).cli("validate", "--strict")


@click.command("plan")
@target_argument
@PREFIX
@COMMIT
@of_project()
def plan(options: Options, target: str | None, prefix: str, commit: str) -> None:
    """Show what a deployment would change."""
    from ..deployment.deploy import show_plan

    show_plan(_deployment(options, target, prefix), commit)


@click.command("deploy")
@target_argument
@PREFIX
@COMMIT
@click.option("--first-run", default="", metavar="JOB", help="Start this job if there is no champion yet.")
@FORCE_LOCK
@of_project()
def deploy(
    options: Options, target: str | None, prefix: str, commit: str, first_run: str, force_lock: str | None
) -> None:
    """Deploy the bundle.

    If that fails in production, what it has changed is restored from the previous commit.
    """
    from ..deployment import deploy as deploying

    deploying.deploy(_deployment(options, target, prefix), commit, first_run, force_lock=force_lock is not None)


@click.command("probe")
@target_argument
@PREFIX
@click.option("--minutes", type=float, default=30, show_default=True, help="Limit for the job.")
@of_project()
def probe(options: Options, target: str | None, prefix: str, minutes: float) -> None:
    """Run the job probe of a deployment: what works there, and what to do about what does not.

    It is the first job to run after a deployment.
    """
    with importing():
        from ..probe.command import probe as run
    run(_deployment(options, target, prefix), minutes, click.echo)


@click.command("integration")
@target_argument
@PREFIX
@click.option(
    "--rows", type=Whole(), default=Limits.rows, show_default=True, help="Maximum number of rows of each source."
)
@click.option(
    "--trials", type=Whole(), default=Limits.trials, show_default=True, help="Sets of hyperparameters to try."
)
@click.option("--minutes", type=float, default=Limits.minutes, show_default=True, help="Limit for all jobs together.")
@of_project()
def integration(options: Options, target: str | None, prefix: str, rows: int, trials: int, minutes: float) -> None:
    """Run every job of a deployment, and check the results."""
    with importing():
        from ..integration.integrate import integrate
        from ..integration.summary import FOLDER
        from ..run import entry_points
    config = entry_points.project(entry_points.load(options.root)).config
    deployment = _deployment(options, target, prefix)
    integrate(deployment, config, Limits(rows, trials, minutes), options.root / FOLDER)


@click.command("destroy")
@target_argument
@PREFIX
@FORCE_LOCK
@of_project()
def destroy(options: Options, target: str | None, prefix: str, force_lock: str | None) -> None:
    """Remove a temporary deployment and everything in it."""
    with importing():
        from ..deployment.destroy import destroy as remove  # imports the SDK, which takes a second
    remove(_deployment(options, target, prefix), force_lock=force_lock is not None)


@click.command("sweep")
@target_argument
@click.option("--hours", type=float, default=6, show_default=True, help="How long ago they were last changed.")
@of_project()
def sweep(options: Options, target: str | None, hours: float) -> None:
    """Remove old deployments of pull requests."""
    with importing():
        from ..deployment.sweep import sweep as remove
    _log()
    remove(options.root, target, hours)


@click.command("retrain")
@target_argument
@click.option("--reason", required=True, help="Why; it is recorded on the run and on the model version.")
@click.option("--token", default="", help="What started it, such as the id of an alert: one token starts one run.")
@click.option("--host", metavar="URL", help="The workspace.  [default: that of the target]")
@of_project()
def retrain(options: Options, target: str | None, reason: str, token: str, host: str | None) -> None:
    """Start the job retraining in a workspace."""
    with importing():
        from ..retrain import command
    run_id = command.start(options.root, target, reason, token, host)
    click.echo(f"run {run_id} of the job {command.JOB} was started")
