"""One local run, from loading the bundle to the summary."""

from __future__ import annotations

import itertools
import logging
import os
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path

from mlflow.exceptions import MlflowException
from rich.console import Console

from mlops.errors import ProjectError, first_line
from mlops.preflight import check as preflight
from mlops.project import Project
from mlops_local.platform import LocalPlatform

from ..bundle import load as bundles
from ..serving.delivery import deliver
from ..serving.local_gateway import LocalGateway
from ..workspace import engine
from ..workspace.lock import exclusive
from ..workspace.source_data import SourceData
from ..workspace.workspace import Workspace, foreign_tables, model_name, own_schema, source_tables
from . import auto_approve, entry_points, prediction, progress, summary, task_order, uncommitted
from .durations import Durations
from .options import Options
from .prediction import Asked, Names
from .queue import turns
from .runs import JobRun
from .scheduler import run_job

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What to run.

    Attributes:
        job: The job.
        parameters: Its parameters.
        engine: The name of the engine.
        source: The source data.
        approve: The version that is approved; empty for none.
        port: The port of the local endpoint; None for any that is free.
    """

    job: str
    parameters: Mapping[str, str]
    engine: str
    source: SourceData
    approve: str = ""
    port: int | None = None


def run(options: Options, request: Request, console: Console) -> int:
    """Run a job as `run_to_success` does, and return 0."""
    run_to_success(options, request, console)
    return 0


def run_to_success(options: Options, request: Request, console: Console, *, summarise: bool = True) -> JobRun:
    """Check the bundle, start the engine, run the job, show the results; return the run, whose tasks all succeeded.

    What libraries write to stderr goes to `run.log` in the state folder.

    Args:
        options: The project.
        request: What to run.
        console: Where to show it.
        summarise: Whether to show a summary of the results after the table of the tasks.

    Raises:
        ProjectError: The bundle, the command line or the source has an error, found before any task ran; or a task
            failed, and the message comes from the task.
    """
    bundle = options.bundle()
    tasks = entry_points.load(options.root)
    project = entry_points.project(tasks)
    if request.job not in bundle.jobs:
        raise ProjectError(f"there is no job {request.job!r} in the bundle: choose one of {', '.join(bundle.jobs)}.")
    task_order.check(bundle, entry_points.describe(tasks), package=entry_points.package(options.root))
    workspace = Workspace(options.state)
    say(console, f"target {bundle.target}, engine {request.engine}, state in {workspace.folder}")
    foreign = foreign_tables(bundle, project.config).values()
    with log_file(workspace.folder), ExitStack() as set_up:
        set_up.enter_context(
            exclusive(
                workspace.locks / "set-up.lock",
                lambda: say(console, "waiting for another run to finish its set-up"),
            )
        )
        workspace.open_mlflow()
        with engine.start(request.engine, workspace.catalogs(bundle, foreign)) as spark:
            turn = turns(
                workspace.locks,
                lambda job: say(console, f"waiting for another run of the job {job} to finish"),
                lambda: workspace.register_tables(spark),
            )
            gateway = LocalGateway.of(workspace, request.port)
            platform = LocalPlatform(spark, workspace.tables, gateway=gateway)
            deployed = workspace.deploy(bundle, spark)
            delivered = deliver(gateway.state, spark, platform.tables)
            if delivered:
                say(console, f"{delivered:,} requests to the local endpoint were added to its payload table")
            preflight.require(project, platform.tables, own_schema(deployed))
            origin = workspace.fill_sources(deployed, platform, project, request.source)
            workspace.publish_foreign(deployed, platform, project.config)
            set_up.close()
            say(console, f"source {', '.join(source_tables(deployed).values())}: {origin}")
            with progress.shown(console) as observer:
                call = auto_approve.with_approval(entry_points.caller(tasks, platform), approve=request.approve)
                call = uncommitted.with_uncommitted_mark(call, options.root)
                ended = run_job(
                    deployed,
                    request.job,
                    call=call,
                    parameters=request.parameters,
                    observer=Durations(platform, observer),
                    # Unlike those of a scheduler alone, they are not used again by the next run.
                    run_ids=itertools.count(time.time_ns() // 1_000_000),
                    turn=turn,
                )
            for note in dict.fromkeys(platform.notes):
                say(console, note)
            if url := gateway.url:
                say(
                    console,
                    f"the endpoint answers at {url}: ask it with make query KEY=..., end it with make serve-stop",
                )
            conclude(deployed, project, ended, console, summarise=summarise)
            if summarise:
                say(console, "to view runs and models, run make ui and open http://localhost:5000")
    return ended


def predict(options: Options, asked: Asked, name: str, console: Console) -> int:
    """Show what the champion predicts for single rows, with the engine of this name; return 0.

    Raises:
        ProjectError: Nothing was trained in this state, or there is no such row.
    """
    bundle, workspace = options.bundle(), Workspace(options.state)
    if not workspace.folder.is_dir():
        raise ProjectError(f"there is no local state in {workspace.folder} yet: run make lifecycle first.")
    project = entry_points.project(entry_points.load(options.root))
    foreign = foreign_tables(bundle, project.config).values()
    with log_file(workspace.folder), engine.start(name, workspace.catalogs(bundle, foreign)) as spark:
        workspace.open_mlflow()
        deployed = workspace.deploy(bundle, spark)
        model = model_name(deployed, next(iter(deployed.config["resources"]["registered_models"])))
        names = Names(own_schema(deployed), model, str(deployed.variables.get("source_tables") or ""))
        for table in prediction.predictions(project, LocalPlatform(spark, workspace.tables), names, asked):
            console.print(table)
    return 0


def describe_jobs(options: Options, console: Console) -> int:
    """Print each job with its tasks in execution order."""
    bundle = options.bundle()
    for key, job in bundle.jobs.items():
        console.print(f"[bold]{key}[/]: {' → '.join(task_order.order(key, job))}")
        say(console, f"  {job.get('description', '')}")
    return 0


def conclude(bundle: bundles.Bundle, project: Project, ended: JobRun, console: Console, *, summarise: bool) -> None:
    """Show the tasks and a summary of a run.

    Raises:
        ProjectError: A task failed.
    """
    console.print(progress.table(ended))
    failure = ended.failure
    if failure is not None:
        raise ProjectError(f"job {failure.job_key}, task {failure.task_key}: {_reason(failure.error, console)}")
    if not summarise:
        return
    for part in summary.summary(bundle, project.config, ended):
        console.print(part, highlight=False, soft_wrap=True)


def _reason(error: BaseException | None, console: Console) -> str:
    """Return why a task failed. The traceback of a bug is printed; that of the registry is only in the log."""
    if error is None or isinstance(error, ProjectError):
        return str(error)
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, MlflowException):
        log.error("%s", trace)
        return f"{first_line(error)} (more in run.log)"
    console.print(trace, markup=False, highlight=False, soft_wrap=True)
    return first_line(error)


def say(console: Console, text: str) -> None:
    """Print a line unchanged, without colours or line breaks at the width of the terminal."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def log_file(folder: Path) -> Iterator[None]:
    """Send log lines, and what libraries write to stderr, to a log file, which each run overwrites."""
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run.log").open("w", encoding="utf-8") as file, redirect_stderr(file):
        handler = logging.StreamHandler(file)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root = logging.getLogger()
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)
