"""Runs the job probe of a deployment, and prints its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from mlops.errors import ProjectError, first_line
from mlops.probe.answer import LINE

from ..deployment.deployment import Deployment
from ..integration.runs import PAUSE, JobResult, Waiting, minutes_from_now, run_job

JOB = "probe"


def probe(deployment: Deployment, minutes: float, say: Callable[[str], None], pause: float = PAUSE) -> None:
    """Run the job, and print a line for each answer of its tasks.

    Args:
        deployment: The deployment.
        minutes: When to give up; the run is then cancelled.
        say: Prints a line.
        pause: Seconds between two looks at the run.

    Raises:
        ProjectError: The job is not deployed or does not end, the workspace refuses, or an answer is no.
    """
    ids = deployment.job_ids()
    if JOB not in ids:
        raise ProjectError(
            f"the job {JOB} is not deployed to {deployment.bundle.target}: run make deploy with the same TARGET first."
        )
    try:
        client = deployment.client()
        waiting = Waiting(minutes_from_now(minutes), deployment.renew_login, pause)
        result = run_job(client, JOB, ids[JOB], {}, waiting)
        for line in _lines(client, result):
            say(line)
    except DatabricksError as error:
        raise ProjectError(f"the workspace refuses to run the job {JOB}: {first_line(error)}") from None
    say(f"the run, with all that its tasks wrote: {result.page}")
    if not result.succeeded:
        reasons = [f"{task.path} {task.error or task.state}" for task in result.tasks if task.state != "SUCCESS"]
        raise ProjectError(f"the job {JOB} ended as {result.state}: {'; '.join(reasons) or 'no task says why'}")


def _lines(client: WorkspaceClient, result: JobResult) -> Iterator[str]:
    """Yield the answers that each task printed, or that it printed none."""
    for task in result.tasks:
        logs = (client.jobs.get_run_output(task.run_id).logs or "") if task.run_id else ""
        answers = [line for line in logs.splitlines() if line.startswith(f"{LINE} ")]
        yield from answers or [f"{task.path} printed no answer ({task.state}): they are in its output or in the table"]
