"""The command line that starts the job retraining."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from mlops.errors import ProjectError, first_line

from ..bundle.load import load

_JOB = "retraining"


def main(argv: Sequence[str] | None = None) -> int:
    """Start the job and return the exit code: 0 if it was started, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m bundle_tools.retrain", description=__doc__)
    parser.add_argument("--reason", required=True, help="why: recorded on the run and on the version")
    parser.add_argument("--token", default="", help="what started it, such as the id of an alert: one token, one run")
    parser.add_argument("--root", type=Path, default=Path(), help="folder with databricks.yml")
    parser.add_argument("--target", help="target of the bundle (default: the bundle's default target)")
    parser.add_argument("--host", help="address of the workspace (default: that of the target)")
    options = parser.parse_args(argv)
    try:
        run_id = start(options.root.resolve(), options.target, options.reason, options.token, options.host)
    except ProjectError as error:
        print(f"error: {str(error).rstrip('.')}.", file=sys.stderr)  # noqa: T201 - output of a command line
        return 1
    print(f"run {run_id} of the job {_JOB} was started")  # noqa: T201 - output of a command line
    return 0


def start(root: Path, target: str | None, reason: str, token: str, host: str | None) -> int:
    """Start the job and return the id of its run; a second call with the same token returns that of the first.

    Raises:
        ProjectError: The reason is empty, the job is not deployed, or the workspace refuses.
    """
    if not reason.strip():
        raise ProjectError("the reason is empty: say why the model is trained again")
    bundle = load(root, target)
    name = str(bundle.jobs[_JOB]["name"])
    try:
        client = WorkspaceClient(host=host or str(bundle.config["workspace"]["host"]))
        found = [job.job_id for job in client.jobs.list(name=name) if job.job_id is not None]
        if len(found) != 1:
            there = "no job" if not found else f"{len(found)} jobs"
            raise ProjectError(f"the workspace has {there} {name!r}: deploy the bundle to {bundle.target} first")
        run = client.jobs.run_now(found[0], idempotency_token=token or None, job_parameters={"reason": reason})
    except (DatabricksError, ValueError) as error:
        raise ProjectError(
            f"the job {name!r} cannot be started: {first_line(error).partition('. Config: ')[0]}"
        ) from None
    return int(run.run_id)
