"""The real Databricks CLI, where it is installed, accepts the bundle; a stand-in answers its calls to the workspace."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlops.errors import ProjectError

from ..bundle.load import Bundle
from .checked_project import CheckedProject
from .run_databricks_cli import copy_bundle, run_cli
from .stand_in_workspace import USER, StandInWorkspace
from .tally import Tally

_COMPLAINT = re.compile(r"(?m)^(?:Warning|Recommendation|Error)")
_OF_A_TASK = ("depends_on", "max_retries", "timeout_seconds", "environment_key", "job_cluster_key")


def the_cli_validates_every_target_without_a_warning(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """The Databricks CLI validates the bundle in every target, strictly and without a warning."""
    with _bundle_in_a_workspace(project) as (folder, workspace):
        for target, bundle in project.bundles.items():
            looked.add("target", target)
            # The deployer also runs the jobs: the service principal in staging and production, the user in development.
            workspace.user = (bundle.config.get("run_as") or {}).get("service_principal_name", USER)
            done = run_cli(folder, "bundle", "validate", "--strict", "--target", target, *_looked_up(bundle))
            output = done.stdout + done.stderr
            if done.returncode or "Validation OK!" not in output or _COMPLAINT.search(output):
                yield f"target {target}: databricks bundle validate --strict: {' '.join(output.split())}"


def the_cli_reads_the_bundle_as_the_local_runner_does(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """The Databricks CLI reads the same jobs, tasks and schedules as a local run."""
    with _bundle_in_a_workspace(project) as (folder, _):
        for target, bundle in project.bundles.items():
            looked.add("target", target)
            done = run_cli(folder, "bundle", "validate", "--output", "json", "--target", target, *_looked_up(bundle))
            try:
                jobs = json.loads(done.stdout)["resources"]["jobs"]
            except (json.JSONDecodeError, KeyError, TypeError):
                yield f"target {target}: databricks bundle validate: {' '.join(done.stderr.split())}"
                continue
            yield from _differences(bundle, jobs, looked)


def _looked_up(bundle: Bundle) -> list[str]:
    """Return values for the variables that the CLI would look up, because the stand-in has nothing to be looked up."""
    return [word for name in bundle.lookups for word in ("--var", f"{name}=looked-up")]


def _differences(bundle: Bundle, jobs: dict[str, Any], looked: Tally) -> Iterator[str]:
    for key in sorted({*jobs, *bundle.jobs}):
        looked.add("job", key)
        place = f"{bundle.place(f'resources.jobs.{key}')} (target {bundle.target})"
        if key not in jobs or key not in bundle.jobs:
            reader = "a local run" if key in bundle.jobs else "the Databricks CLI"
            yield f"{place}: only {reader} has this job"
            continue
        ours, theirs = bundle.jobs[key], jobs[key]
        if _tasks(ours) != _tasks(theirs):
            yield f"{place}.tasks: the Databricks CLI reads other tasks than a local run: {_tasks(theirs)}"
        for start in ("schedule", "trigger"):
            if ours.get(start) != theirs.get(start):
                yield f"{place}.{start}: the Databricks CLI reads {theirs.get(start)}"


def _tasks(job: Any) -> dict[object, tuple[object, ...]]:  # noqa: ANN401 - parsed JSON or YAML
    """Return each task's dependencies, number of attempts and compute, by task key."""
    return {task["task_key"]: tuple(task.get(field) for field in _OF_A_TASK) for task in job.get("tasks") or []}


@contextmanager
def _bundle_in_a_workspace(project: CheckedProject) -> Iterator[tuple[Path, StandInWorkspace]]:
    """Copy the bundle into a folder, where its host is a stand-in that answers the calls of the CLI."""
    with StandInWorkspace() as workspace, tempfile.TemporaryDirectory() as folder:
        copy = copy_bundle(project.root, Path(folder, "project"), workspace.url)
        yield copy, workspace
        if workspace.unknown:
            raise ProjectError(
                f"the Databricks CLI makes a call that the check cannot answer ({workspace.unknown[0]}): update the "
                "machinery, or use a version of the CLI that it knows"
            )


CHECKS = (the_cli_validates_every_target_without_a_warning, the_cli_reads_the_bundle_as_the_local_runner_does)
