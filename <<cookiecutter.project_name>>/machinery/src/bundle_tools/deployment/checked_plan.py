"""The plan that is approved and applied: the CLI's, without what `prevent_destroy` guards."""

from __future__ import annotations

import logging
from pathlib import Path

from mlops.errors import ProjectError

from . import commits, plans
from .deployment import Deployment
from .plan_summary import COMMIT_TAG
from .plans import Plan

log = logging.getLogger(__name__)


def checked_plan(deployment: Deployment, folder: Path, *, is_rollback: bool) -> Plan:
    """Return the plan for the files in a folder, which leaves alone what `prevent_destroy` guards.

    Raises:
        ProjectError: The CLI refuses to plan, or a guarded resource would be removed.
    """
    found = plans.read(deployment, folder)
    if not (deployment.is_protected and found.keys("delete", "recreate")):
        return found
    return plans.keep_guarded(found, _guards(deployment), is_rollback=is_rollback)


def _guards(deployment: Deployment) -> set[str] | None:
    """Return the keys that are guarded here or in the deployed commit; None if that commit is not in the repository."""
    here = plans.guarded(deployment.bundle)
    commit = deployed_commit(deployment)
    if not commit:
        return None
    try:
        with commits.checked_out(deployment.bundle, commit) as folder:
            return here | plans.guarded(deployment.at(folder).bundle)
    except ProjectError as error:
        log.info("what the deployed commit guards is unknown: %s", error)
        return None


def deployed_commit(deployment: Deployment) -> str:
    """Return the commit of the last deployment that succeeded, or else that of a job; empty if there is neither."""
    from databricks.sdk.errors import NotFound  # noqa: PLC0415 - as in Deployment.client

    from . import remote_state  # noqa: PLC0415 - as above

    client = deployment.client()
    if commit := remote_state.read(client, deployment.bundle).commit:
        return commit
    for job_id in deployment.job_ids().values():
        try:
            settings = client.jobs.get(job_id).settings
        except NotFound:
            continue
        if tagged := ((settings.tags if settings else None) or {}).get(COMMIT_TAG):
            return tagged
    return ""
