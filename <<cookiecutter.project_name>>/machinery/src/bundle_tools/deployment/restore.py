"""Restores what a failed deployment to production has changed, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from databricks.sdk.errors.base import DatabricksError

from mlops.errors import ProjectError

from ..doctor.deployments import read_lock
from . import commits, plans, remote_state
from .checked_plan import checked_plan, deployed_commit
from .deployment import Deployment
from .remote_state import RemoteState

log = logging.getLogger(__name__)


def deploy_or_restore(deployment: Deployment, commit: str, lock: Sequence[str]) -> None:
    """Apply the checked plan for a commit or the checked-out files; restore what it changed if that fails.

    Raises:
        ProjectError: The deployment failed; the message says what was restored.
    """
    bundle = deployment.bundle
    before = remote_state.read(deployment.client(), bundle)
    previous = deployed_commit(deployment)
    try:
        with commits.files_of(bundle, commit) as folder:
            plan = checked_plan(deployment, folder, is_rollback=bool(commit))
            with plans.written(plan) as file:
                deployment.cli("deploy", "--auto-approve", *lock, "--plan", str(file), folder=folder)
    except ProjectError as failure:
        outcome = _restore(deployment, before, previous, commit or commits.head(bundle.root))
        raise ProjectError(f"{failure}; {outcome}") from None


def _restore(deployment: Deployment, before: RemoteState, previous: str, commit: str) -> str:
    """Restore what differs from before, and return what was done."""
    try:
        client = deployment.client()
        after = remote_state.read(client, deployment.bundle)
        held = read_lock(client, str(deployment.bundle.config["workspace"]["state_path"]))
    except (DatabricksError, OSError, ProjectError) as error:
        return f"whether it has changed anything is unknown ({error}), so nothing is restored: run make plan"
    if reason := _reason_against(before, after, previous, commit):
        return reason
    if held:
        return f"{held} holds the lock of the deployment, so nothing is restored: run make plan"
    log.warning("restoring the previous commit %s", previous)
    try:
        _apply(deployment, previous, after.keys_that_differ(before))
    except ProjectError as error:
        return f"restoring commit {previous} failed as well: {error}"
    return f"what it had changed is restored from the previous commit {previous}"


def _reason_against(before: RemoteState, after: RemoteState, previous: str, commit: str) -> str:
    """Return why nothing is to be restored, or an empty string."""
    if after == before:
        return "it has changed nothing"
    if after.commit not in {before.commit, commit}:
        return f"commit {after.commit} was deployed meanwhile, so nothing is restored"
    if not previous:
        return "there is no previous deployment to restore"
    if previous == commit:
        return f"the same commit {commit} was deployed before, so nothing is restored: run make plan"
    return ""


def _apply(deployment: Deployment, commit: str, keys: set[str]) -> None:
    """Deploy the files of a commit, and of its resources only some."""
    with commits.checked_out(deployment.bundle, commit) as folder:
        plan = checked_plan(deployment, folder, is_rollback=True)
        chosen = plan.without(lambda key: key not in keys)
        with plans.written(chosen) as file:
            deployment.cli("deploy", "--auto-approve", "--plan", str(file), folder=folder)
