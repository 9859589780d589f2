"""The command line of deployments."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mlops.errors import ProjectError

from ..integration.limits import Limits
from ..integration.summary import FOLDER
from . import deploy
from .deployment import Deployment, open_deployment

_STOPPED = 130  # as a shell returns after Ctrl-C


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code: 0 for success, 1 for a mistake or a failure."""
    options = _parser().parse_args(argv)
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    logging.getLogger("databricks.sdk").setLevel(logging.ERROR)
    try:
        options.command(options)
    except (ProjectError, OSError) as error:  # the SDK's errors are OSErrors
        sys.stdout.flush()  # print earlier output first, even into a pipe
        print(f"error: {str(error).rstrip('.')}.", file=sys.stderr)  # noqa: T201 - output of a command line
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)  # noqa: T201 - as above
        return _STOPPED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m " + __package__, description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(), help="folder with databricks.yml")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, about: str) -> argparse.ArgumentParser:
        found = commands.add_parser(name, help=about)
        found.add_argument("--target", help="target of the bundle (default: the bundle's default target)")
        if name != "sweep":
            found.add_argument("--prefix", default="", help="prefix of all names, such as pr12_")
        return found

    command("validate", "validate with the CLI; warnings are errors").set_defaults(
        command=lambda options: _opened(options).cli("validate", "--strict")
    )
    planning = command("plan", "show what a deployment would change")
    planning.set_defaults(command=lambda options: _show_plan(_opened(options), options.commit))
    deploying = command("deploy", "deploy; in production, restore the previous commit if that fails")
    for one in (planning, deploying):
        one.add_argument("--commit", default="", help="the files of this earlier commit: a rollback of the code")
    deploying.add_argument("--first-run", default="", help="job to start if there is no champion yet")
    deploying.set_defaults(command=lambda options: deploy.deploy(_opened(options), options.commit, options.first_run))
    command("destroy", "remove a deployment with a prefix and everything in it").set_defaults(command=_destroy)
    sweeping = command("sweep", "remove deployments of pull requests that no run uses any more")
    sweeping.add_argument("--hours", type=float, default=6, help="how long ago they were last changed")
    sweeping.set_defaults(command=_sweep)
    _add_integration(command("integration", "run every job of a deployment and check the results"))
    return parser


def _add_integration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, default=Limits.rows, help="maximum number of rows of each source")
    parser.add_argument("--trials", type=int, default=Limits.trials, help="sets of hyperparameters to try")
    parser.add_argument("--minutes", type=float, default=Limits.minutes, help="limit for all jobs together")
    parser.set_defaults(command=_integrate)


def _destroy(options: argparse.Namespace) -> None:
    from .destroy import destroy  # noqa: PLC0415 - imports the SDK, which takes a second

    destroy(_opened(options))


def _sweep(options: argparse.Namespace) -> None:
    from .sweep import sweep  # noqa: PLC0415 - as above

    sweep(options.root.resolve(), options.target, options.hours)


def _integrate(options: argparse.Namespace) -> None:
    # These, and your code, import libraries for ten seconds, which the other commands need not wait for.
    from ..integration.integrate import integrate  # noqa: PLC0415
    from ..run import entry_points  # noqa: PLC0415

    config = entry_points.project(entry_points.load(options.root.resolve())).config
    limits = Limits(options.rows, options.trials, options.minutes)
    integrate(_opened(options), config, limits, options.root / FOLDER)


def _show_plan(deployment: Deployment, commit: str) -> None:
    """Print the plan, also on the page of the run, where the person who approves it looks."""
    plan = deploy.plan(deployment, commit)
    sys.stdout.write(plan)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(f"### Plan for {deployment.bundle.target}\n\n```\n{plan}```\n")


def _opened(options: argparse.Namespace) -> Deployment:
    return open_deployment(options.root.resolve(), options.target, options.prefix)
