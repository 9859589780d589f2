"""Deploys, and shows beforehand what a deployment would do; in production, exactly the checked plan is applied."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlops.errors import ProjectError

from . import commits, release_branch
from .checked_plan import checked_plan
from .deployment import Deployment
from .plan_summary import summary
from .plans import Plan

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

log = logging.getLogger(__name__)

_CHAMPION = "Champion"  # as in mlops.registry, whose import takes seconds


def deploy(deployment: Deployment, commit: str = "", first_run: str = "", *, force_lock: bool = False) -> None:
    """Deploy the checked-out files or, with a commit, the files of that commit.

    Args:
        deployment: What to deploy.
        commit: An earlier commit of the same branch: a rollback of the code.
        first_run: A job to start if the model has no champion yet; it is not waited for.
        force_lock: Whether to deploy although somebody else holds the lock.

    Raises:
        ProjectError: The deployment is refused or failed; in production, what it has changed is then restored.
    """
    from . import restore, safety  # noqa: PLC0415 - they import the SDK, as in Deployment.client

    earlier = commits.earlier(deployment.bundle.root, commit)
    if deployment.is_protected:
        release_branch.require(deployment.bundle, is_clean=not earlier)
    lock = safety.prepare(deployment, force_lock=force_lock)
    if deployment.is_protected:
        restore.deploy_or_restore(deployment, earlier, lock)
    else:
        with commits.files_of(deployment.bundle, earlier) as folder:
            # Nobody is there to confirm deletions in CI; in development, the CLI asks the person.
            consent = [] if deployment.bundle.mode == "development" else ["--auto-approve"]
            deployment.cli("deploy", *consent, *lock, folder=folder)
    if first_run:
        _start_first(deployment, first_run)


def plan(deployment: Deployment, commit: str = "") -> Plan:
    """Return what `deploy` with the same arguments would do.

    Raises:
        ProjectError: As in `deploy`, except for what only the deployment itself checks: branch, lock and leftovers.
    """
    earlier = commits.earlier(deployment.bundle.root, commit)
    with commits.files_of(deployment.bundle, earlier) as folder:
        return checked_plan(deployment, folder, is_rollback=bool(earlier))


def show_plan(deployment: Deployment, commit: str = "") -> None:
    """Print the plan, also on the page of the run, where the person who approves it looks.

    Raises:
        ProjectError: As in `plan`.
    """
    text = summary(plan(deployment, commit), deployment.bundle.target)
    sys.stdout.write(text)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(f"### Plan for {deployment.bundle.target}\n\n```\n{text}```\n")


def _start_first(deployment: Deployment, job: str) -> None:
    """Start a job unless every registered model has a champion."""
    client = deployment.client()
    models = deployment.bundle.config["resources"]["registered_models"].values()
    if all(_has_champion(client, f"{one['catalog_name']}.{one['schema_name']}.{one['name']}") for one in models):
        log.info("the model has a champion, so %s is not started", job)
        return
    ids = deployment.job_ids()
    if job not in ids:
        raise ProjectError(
            f"FIRST_RUN names the job {job}, which is not deployed: name one of {', '.join(sorted(ids))}"
        )
    started = client.jobs.run_now(ids[job])
    sys.stdout.write(f"there is no champion yet: started {job}, run {started.run_id}\n")


def _has_champion(client: WorkspaceClient, name: str) -> bool:
    from databricks.sdk.errors import NotFound  # noqa: PLC0415 - as in Deployment.client

    try:
        client.model_versions.get_by_alias(name, _CHAMPION)
    except NotFound:
        return False
    return True
