"""Loads an endpoint and fails if it is too slow or fails too often: `python -m bundle_tools.serving.load_test`.

Without a target it is the local endpoint. With one it is the endpoint of that deployment, with the login of
`make deploy`: the gate of staging before production.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from databricks.sdk.errors.base import DatabricksError
from rich.console import Console
from rich.table import Table

from mlops.errors import ProjectError, first_line

from .. import json_rows
from ..bundle.load import load
from ..deployment.deployment import open_deployment
from ..integration import warehouse
from ..run import entry_points
from ..workspace.workspace import Workspace
from . import load_rows
from .load import Bounds, Load, Result
from .load_generator import Target, generate, locust_program
from .load_plot import latency
from .names import endpoint_name
from .query import local_endpoint

FOLDER = Path("build") / "load-test"
_MOST_SECONDS = 1800  # a login lasts an hour
_PERCENTS = (50, 95, 99)


def main(argv: Sequence[str] | None = None) -> int:
    """Load the endpoint, print the figures; return the exit code: 0 within the bounds, 1 if not or for a mistake."""
    options = _parser().parse_args(argv)
    logging.getLogger("databricks.sdk").setLevel(logging.ERROR)
    root = options.root.resolve()
    try:
        how, bounds = Load(options.users, options.seconds), Bounds(options.p95_ms, options.error_share)
        program = locust_program(root)
        target = _target(options, root)
        check(target, how, bounds, program, root / FOLDER)
    except (ProjectError, DatabricksError) as error:
        told = str(error) if isinstance(error, ProjectError) else first_line(error).partition(". Config: ")[0]
        sys.stdout.flush()
        print(f"error: {told.rstrip('.')}.", file=sys.stderr)  # noqa: T201 - output of a command line
        return 1
    return 0


def check(target: Target, how: Load, bounds: Bounds, program: str, folder: Path) -> Result:
    """Load an endpoint, print the figures and write the plot; return what came of it.

    Args:
        target: What to load.
        how: How to load it.
        bounds: What is acceptable.
        program: The path of Locust.
        folder: Where the requests and the plot go.

    Raises:
        ProjectError: A bound is exceeded, or as `generate`.
    """
    what = f"{how.users} callers for {how.seconds} s on endpoint {target.endpoint}"
    print(f"loading: {what}", flush=True)  # noqa: T201 - output of a command line
    result = generate(target, how, program, folder)
    plot = folder / "latency.png"
    latency(result, bounds, what).savefig(plot)
    Console().print(_table(result))
    print(f"the plot is {plot}", flush=True)  # noqa: T201 - output of a command line
    problem = result.problem(bounds)
    if problem:
        raise ProjectError(f"endpoint {target.endpoint} does not bear {how.users} callers: {problem}")
    return result


def _target(options: argparse.Namespace, root: Path) -> Target:
    given = json_rows.read(options.json) if options.json else None
    config = entry_points.project(entry_points.load(root)).config
    if options.target is None:
        bundle, workspace = load(root), Workspace(root / ".local")
        client, name = local_endpoint(bundle, workspace)
        return Target(client, name, given or load_rows.of_local_tables(workspace, bundle, config, options.engine))
    deployment = open_deployment(root, options.target, options.prefix)
    client, bundle = deployment.client(), deployment.bundle
    rows = given or load_rows.of_workspace(warehouse.find(client, bundle), bundle, config)
    return Target(client, endpoint_name(bundle), rows)


def _table(result: Result) -> Table:
    table = Table(title="load test", title_justify="left")
    headings = ["requests", "failed", "per second", *(f"p{percent} ms" for percent in _PERCENTS)]
    for heading in headings:
        table.add_column(heading, justify="right")
    figures = [f"{len(result.requests):,}", f"{result.errors:,} ({result.error_share:.1%})", f"{result.per_second:.1f}"]
    table.add_row(*figures, *(f"{result.percentile(percent):.0f}" for percent in _PERCENTS))
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}.load_test", description=__doc__)
    parser.add_argument("--target", help="the target whose endpoint is loaded (default: the local endpoint)")
    parser.add_argument("--prefix", default="", help="prefix of all names, such as pr12_")
    parser.add_argument("--users", type=_whole(1, 1000), default=Load.users, help="callers at the same time")
    parser.add_argument("--seconds", type=_whole(1, _MOST_SECONDS), default=Load.seconds, help="for how long")
    parser.add_argument("--p95-ms", type=float, default=Bounds.p95_ms, help="bound of the 95th percentile")
    parser.add_argument("--error-share", type=float, default=Bounds.error_share, help="bound of failed requests")
    parser.add_argument("--json", type=Path, help="file with rows to ask about (default: rows of the training table)")
    parser.add_argument("--engine", default="sail", help="what reads local tables: sail (default) or spark")
    parser.add_argument("--root", type=Path, default=Path(), help="folder with databricks.yml")
    return parser


def _whole(low: int, high: int) -> Callable[[str], int]:
    """Return what parses a whole number within bounds."""

    def parse(text: str) -> int:
        if not (text.isdigit() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return parse


if __name__ == "__main__":
    sys.exit(main())
