"""One run of a job whose code is here, and whose Spark, tables, runs and models are in the development workspace."""

from __future__ import annotations

import itertools
import time

from rich.console import Console

from mlops.errors import ProjectError
from mlops.preflight import check as preflight

from ..workspace import databricks_connect
from ..workspace.workspace import own_schema, source_tables
from . import auto_approve, entry_points, progress, task_order, uncommitted
from .durations import Durations
from .options import Options
from .runs import JobRun
from .scheduler import run_job
from .session import Request, conclude, log_file, say


def run(options: Options, request: Request, profile: str, console: Console) -> int:
    """Run a job as `session.run` does, against the development workspace, and return 0.

    Args:
        options: The project; the target must be a development one.
        request: What to run.
        profile: The profile of `databricks auth login`; empty for the login of the environment.
        console: Where to show it.

    Raises:
        ProjectError: As `session.run`; or the target is not a development one, or the workspace refuses.
    """
    run_to_success(options, request, profile, console)
    return 0


def run_to_success(options: Options, request: Request, profile: str, console: Console) -> JobRun:
    """Run the job and return its run, whose tasks all succeeded; the arguments are those of `run`."""
    if request.source.chosen:
        raise ProjectError("ON=databricks reads the source tables of the workspace: leave out SOURCE and DRIFT_FROM.")
    bundle = options.bundle()
    workspace = databricks_connect.client(profile, bundle)
    tasks = entry_points.load(options.root)
    project = entry_points.project(tasks)
    if request.job not in bundle.jobs:
        raise ProjectError(f"there is no job {request.job!r} in the bundle: choose one of {', '.join(bundle.jobs)}.")
    task_order.check(bundle, entry_points.describe(tasks), package=entry_points.package(options.root))
    deployed = databricks_connect.deployed_bundle(options.root, bundle, workspace, options.variables)
    say(console, f"target {bundle.target}, your code against {workspace.config.host}")
    with log_file(options.state), databricks_connect.connect(profile, workspace) as platform:
        preflight.require(project, platform.tables, own_schema(deployed))
        say(console, f"source {', '.join(source_tables(deployed).values())}, schema {own_schema(deployed)}")
        with progress.shown(console) as observer:
            call = auto_approve.with_approval(entry_points.caller(tasks, platform), approve=request.approve)
            ended = run_job(
                deployed,
                request.job,
                call=uncommitted.with_uncommitted_mark(call, options.root),
                parameters=request.parameters,
                observer=Durations(platform, observer),
                run_ids=itertools.count(time.time_ns() // 1_000_000),
            )
        conclude(deployed, project, ended, console, summarise=True)
    return ended
