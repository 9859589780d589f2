"""Starts the job retraining in a workspace."""

from __future__ import annotations

from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from mlops.errors import ProjectError, first_line

from ..bundle.load import load

JOB = "retraining"


def start(root: Path, target: str | None, reason: str, token: str, host: str | None) -> int:
    """Start the job and return the id of its run; a second call with the same token returns that of the first.

    Raises:
        ProjectError: The reason is empty, the job is not deployed, or the workspace refuses.
    """
    if not reason.strip():
        raise ProjectError("the reason is empty: say why the model is trained again")
    bundle = load(root, target)
    name = str(bundle.jobs[JOB]["name"])
    try:
        client = WorkspaceClient(host=host or str(bundle.config["workspace"]["host"]))
        job_ids = [job.job_id for job in client.jobs.list(name=name) if job.job_id is not None]
        if len(job_ids) != 1:
            there = "no job" if not job_ids else f"{len(job_ids)} jobs"
            raise ProjectError(f"the workspace has {there} {name!r}: deploy the bundle to {bundle.target} first")
        run = client.jobs.run_now(job_ids[0], idempotency_token=token or None, job_parameters={"reason": reason})
    except (DatabricksError, ValueError) as error:
        raise ProjectError(
            f"the job {name!r} cannot be started: {first_line(error).partition('. Config: ')[0]}"
        ) from None
    return int(run.run_id)
