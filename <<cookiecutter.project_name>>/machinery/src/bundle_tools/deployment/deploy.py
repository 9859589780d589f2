"""Deploys; if that fails in production, deploys the previous commit again, so that the jobs keep working."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlops.errors import ProjectError

from . import commits
from .deployment import Deployment

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

log = logging.getLogger(__name__)

_CHAMPION = "Champion"  # as in mlops.registry, whose import takes seconds
_COMMIT_TAG = "git_commit"  # `presets.tags` in databricks.yml puts it on every job


def deploy(deployment: Deployment, commit: str = "", first_run: str = "") -> None:
    """Deploy the checked-out files or, with a commit, the files of that commit.

    Args:
        deployment: What to deploy.
        commit: An earlier commit of the same branch: a rollback of the code.
        first_run: A job to start if the model has no champion yet; it is not waited for.

    Raises:
        ProjectError: The deployment failed; in production the previous commit is then deployed again.
    """
    earlier = commits.earlier(deployment.bundle.root, commit)
    if earlier:
        _deploy_commit(deployment, earlier)
    elif deployment.is_protected:
        _deploy_or_restore(deployment)
    else:
        deployment.cli("deploy")
    if first_run:
        _start_first(deployment, first_run)


def plan(deployment: Deployment, commit: str = "") -> str:
    """Return what `deploy` with the same arguments would change.

    Raises:
        ProjectError: As in `deploy`.
    """
    if earlier := commits.earlier(deployment.bundle.root, commit):
        with commits.checked_out(deployment.bundle, earlier) as folder:
            return deployment.cli("plan", folder=folder, capture=True)
    return deployment.cli("plan", capture=True)


def show_plan(deployment: Deployment, commit: str = "") -> None:
    """Print the plan, also on the page of the run, where the person who approves it looks.

    Raises:
        ProjectError: As in `plan`.
    """
    text = plan(deployment, commit)
    sys.stdout.write(text)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(f"### Plan for {deployment.bundle.target}\n\n```\n{text}```\n")


def _deploy_or_restore(deployment: Deployment) -> None:
    previous = deployed_commit(deployment)
    try:
        deployment.cli("deploy")
    except ProjectError as failure:
        if not previous:
            raise ProjectError(f"{failure}; there is no previous deployment to restore") from None
        log.warning("%s; deploying the previous commit %s again", failure, previous)
        try:
            _deploy_commit(deployment, previous)
        except ProjectError as error:
            raise ProjectError(f"{failure}; restoring commit {previous} failed as well: {error}") from None
        raise ProjectError(f"{failure}; the previous commit {previous} is deployed again") from None


def deployed_commit(deployment: Deployment) -> str:
    """Return the commit of the jobs in the workspace, or an empty string if there are none."""
    ids = deployment.job_ids()
    if not ids:
        return ""
    from databricks.sdk.errors import NotFound  # noqa: PLC0415 - as in Deployment.client

    client = deployment.client()
    for job_id in ids.values():
        try:
            settings = client.jobs.get(job_id).settings
        except NotFound:
            continue
        if commit := ((settings.tags if settings else None) or {}).get(_COMMIT_TAG):
            return commit
    return ""


def _deploy_commit(deployment: Deployment, commit: str) -> None:
    with commits.checked_out(deployment.bundle, commit) as folder:
        deployment.cli("deploy", folder=folder)


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
