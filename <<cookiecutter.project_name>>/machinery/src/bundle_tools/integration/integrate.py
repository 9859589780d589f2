"""Runs the jobs of a deployment in order, checks the results, and writes the summary."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from mlops.config.load import ProjectConfig
from mlops.errors import ProjectError

from ..deployment.deployment import Deployment
from . import checks, steps, warehouse
from .check import Check
from .evidence import Evidence
from .limits import Limits
from .runs import PAUSE, JobResult, Waiting, minutes_from_now, run_job
from .summary import Report


def integrate(
    deployment: Deployment, config: ProjectConfig, limits: Limits, folder: Path, pause: float = PAUSE
) -> Report:
    """Run every step, check every result, and write the summary into `folder`, also if a job fails.

    Raises:
        ProjectError: The deployment has no prefix, or something does not hold; the summary says what.
    """
    if not deployment.prefix:
        raise ProjectError("integration fills tables and registers a version: give a prefix of its own (PREFIX=pr12_)")
    bundle = deployment.bundle
    steps.require(bundle, steps.steps(bundle))
    runs: list[JobResult] = []
    results: list[Check] = []
    metrics: Mapping[str, tuple[float, float]] = {}
    try:
        client = deployment.client()
        evidence = Evidence(bundle, config, limits, client, warehouse.find(client, bundle), runs)
        _run_steps(deployment, client, limits, runs, pause)
        results = checks.run(evidence)
        metrics = held_out(client, config, evidence)
    except (ProjectError, DatabricksError) as error:
        results = [Check("integration", holds=False, detail=str(error)), *checks.tasks_of(runs)]
    report = Report(f"{bundle.name}, target {bundle.target}, {deployment.prefix}", runs, results, metrics)
    report.write(folder)
    sys.stdout.write(report.markdown())
    if not report.passed:
        failed = [check.name for check in results if not check.holds]
        raise ProjectError(f"integration failed: {', '.join(failed)}; see {folder / 'summary.md'}")
    return report


def _run_steps(
    deployment: Deployment, client: WorkspaceClient, limits: Limits, runs: list[JobResult], pause: float
) -> None:
    ids = deployment.job_ids()
    waiting = Waiting(minutes_from_now(limits.minutes), deployment.renew_login, pause)
    for step in steps.steps(deployment.bundle):
        if step.job not in ids:
            raise ProjectError(f"job {step.job} is not deployed: run make deploy with the same PREFIX first")
        parameters = step.parameters(deployment.bundle, limits)
        sys.stdout.write(f"running {step.job}\n")
        sys.stdout.flush()
        runs.append(run_job(client, step.job, ids[step.job], parameters, waiting))
        if not runs[-1].succeeded:
            raise ProjectError(f"job {step.job} ended as {runs[-1].state}: {runs[-1].page}")


def held_out(client: WorkspaceClient, config: ProjectConfig, evidence: Evidence) -> Mapping[str, tuple[float, float]]:
    """Return each metric of the trained version on held-out rows, and that of the naive baseline."""
    run = client.experiments.get_run(evidence.parameter("lifecycle/training/validate", "run_id")).run
    values = {metric.key: metric.value for metric in (run.data.metrics if run and run.data else None) or []}
    names = dict.fromkeys([config.metric, *config.validation.metrics])
    pairs = {name: (values.get(f"holdout_{name}"), values.get(f"baseline_holdout_{name}")) for name in names}
    return {name: (model, naive) for name, (model, naive) in pairs.items() if model is not None and naive is not None}
