"""Loads an endpoint and fails if it is too slow or fails too often.

Without a target it is the local endpoint. With one it is the endpoint of that deployment, with the login of
`make deploy`: the gate of staging before production.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mlops.errors import ProjectError

from .. import json_rows
from ..bundle.load import load
from ..deployment.deployment import open_deployment
from ..integration import warehouse
from ..run import entry_points
from ..workspace.workspace import Workspace
from . import load_rows
from .limits import Bounds, Load
from .load import Result
from .load_generator import Target, generate, locust_program
from .load_plot import latency
from .names import endpoint_name
from .query import local_endpoint

FOLDER = Path("build") / "load-test"
_PERCENTS = (50, 95, 99)


@dataclass(frozen=True)
class Choice:
    """Which endpoint is loaded, and with which rows.

    Attributes:
        target: The target whose endpoint it is; None for the local endpoint.
        prefix: The prefix of all names of the deployment.
        file: A JSON file with rows to ask about; None for rows of the training table.
        engine: What reads local tables.
    """

    target: str | None
    prefix: str
    file: Path | None
    engine: str


def load_test(root: Path, choice: Choice, load: Load, bounds: Bounds) -> None:
    """Load an endpoint and print the figures.

    Raises:
        ProjectError: Locust is not installed, there is no such endpoint, or a bound is exceeded.
    """
    program = locust_program(root)
    check(_target(root, choice), load, bounds, program, root / FOLDER)


def check(target: Target, load: Load, bounds: Bounds, program: str, folder: Path) -> Result:
    """Load an endpoint, print the figures and write the plot; return what came of it.

    Args:
        target: What to load.
        load: How many callers ask at the same time, and for how long.
        bounds: What is acceptable.
        program: The path of Locust.
        folder: Where the requests and the plot go.

    Raises:
        ProjectError: A bound is exceeded, or as `generate`.
    """
    what = f"{load.users} callers for {load.seconds} s on endpoint {target.endpoint}"
    print(f"loading: {what}", flush=True)  # noqa: T201 - output of a command line
    result = generate(target, load, program, folder)
    plot = folder / "latency.png"
    latency(result, bounds, what).savefig(plot)
    Console().print(_table(result))
    print(f"the plot is {plot}", flush=True)  # noqa: T201 - output of a command line
    problem = result.problem(bounds)
    if problem:
        raise ProjectError(f"endpoint {target.endpoint} does not bear {load.users} callers: {problem}")
    return result


def _target(root: Path, choice: Choice) -> Target:
    given = json_rows.read(choice.file) if choice.file else None
    config = entry_points.project(entry_points.load(root)).config
    if choice.target is None:
        bundle, workspace = load(root), Workspace(root / ".local")
        client, name = local_endpoint(bundle, workspace)
        return Target(client, name, given or load_rows.of_local_tables(workspace, bundle, config, choice.engine))
    deployment = open_deployment(root, choice.target, choice.prefix)
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
