"""The command line of the local runner."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.console import Console

from mlops.errors import ProjectError

from ..arguments import key_value
from ..workspace.source_data import SourceData
from ..workspace.workspace import Workspace
from .prediction import Asked
from .session import Options, Request, describe_jobs, predict, run


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code: 0 for success, 1 for a mistake or a failed task."""
    options = _parser().parse_args(argv)
    console = Console()
    try:
        return int(options.command(options, console))
    except ProjectError as error:
        console.file.flush()  # print earlier output first, even into a pipe
        sentence = str(error).rstrip(".")
        print(f"error: {sentence if sentence.endswith('?') else sentence + '.'}", file=sys.stderr)  # noqa: T201 - output of a command line
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m " + __package__, description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    runner = commands.add_parser("run", help="run a job and the jobs that it starts")
    runner.add_argument("job", nargs="?", default="lifecycle", help="key of the job in resources/*.job.yml")
    runner.add_argument(
        "--source", default="", help="parquet or CSV file of the source, name=file for several (,), or their folder"
    )
    runner.add_argument("--rows", type=_positive, help="fill the source table with this many example rows")
    runner.add_argument(
        "--drift-from", type=date.fromisoformat, metavar="DAY", help="first day of drift in example rows"
    )
    runner.add_argument(
        "--param", type=key_value, action="append", default=[], metavar="KEY=VALUE", help="a job parameter"
    )
    runner.add_argument("--approve", default="", metavar="VERSION", help="approve this version, which you have seen")
    runner.add_argument("--engine", default="sail", help="sail (default), or spark, which needs Java 17")
    runner.add_argument("--on", choices=["databricks"], help="run the code here, but against the dev workspace")
    runner.add_argument("--profile", default="", help="with --on databricks: the profile of `databricks auth login`")
    runner.add_argument("--port", type=_positive, help="port of the local endpoint (default: one that is free)")
    runner.set_defaults(command=_run)

    predict = commands.add_parser("predict", help="show what the champion predicts for a row, and from what")
    which = predict.add_mutually_exclusive_group(required=True)
    which.add_argument("--key", default="", help="the key of a row of the source")
    which.add_argument("--json", type=Path, help="file with a row, or a list of rows, as JSON")
    predict.add_argument("--engine", default="sail", help="sail (default), or spark, which needs Java 17")
    predict.set_defaults(command=_predict)

    jobs = commands.add_parser("jobs", help="list the jobs and their tasks")
    jobs.set_defaults(command=lambda options, console: describe_jobs(_options(options), console))

    ui = commands.add_parser("ui", help="open the MLflow UI with the local runs and models")
    ui.set_defaults(command=_ui)

    for command in (runner, predict, jobs, ui):
        command.add_argument("--root", type=Path, default=Path(), help="folder with databricks.yml")
        command.add_argument(
            "--state", type=Path, help="folder of the local state (default: .local in the root folder)"
        )
    for command in (runner, predict, jobs):
        command.add_argument("--target", help="target of the bundle (default: the bundle's default target)")
        command.add_argument(
            "--var", type=key_value, action="append", default=[], metavar="KEY=VALUE", help="a bundle variable"
        )
    return parser


def _options(options: argparse.Namespace) -> Options:
    return Options(
        root=options.root.resolve(),
        state=(options.state or options.root / ".local").resolve(),
        target=options.target,
        variables=dict(options.var),
    )


def _run(options: argparse.Namespace, console: Console) -> int:
    if options.source and (options.rows or options.drift_from):
        raise ProjectError("--source cannot be combined with --rows or --drift-from, which are for example data.")
    source = SourceData(files=options.source, drift_from=options.drift_from, rows=options.rows)
    request = Request(options.job, dict(options.param), options.engine, source, options.approve, options.port)
    if options.on:
        from . import remote  # noqa: PLC0415 - imports the SDK, which takes most of a second

        return remote.run(_options(options), request, options.profile, console)
    return run(_options(options), request, console)


def _predict(options: argparse.Namespace, console: Console) -> int:
    return predict(_options(options), Asked(options.key, options.json), options.engine, console)


def _ui(options: argparse.Namespace, _: Console) -> int:
    workspace = Workspace((options.state or options.root / ".local").resolve())
    if not workspace.folder.is_dir():
        raise ProjectError(f"there is no local state in {workspace.folder} yet: run make lifecycle first.")
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", workspace.tracking_uri]
    os.execv(sys.executable, command)  # noqa: S606 - the UI replaces this process


def _positive(text: str) -> int:
    if not (text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)
