"""The lock of a deployment, which a deployment that was cut off leaves behind."""

from __future__ import annotations

import logging

from databricks.sdk import WorkspaceClient

from mlops.errors import ProjectError

from ..doctor.deployments import read_lock
from .deployment import Deployment

log = logging.getLogger(__name__)

FORCE_LOCK = "--force-lock"


def lock_options(client: WorkspaceClient, deployment: Deployment, *, force_lock: bool) -> list[str]:
    """Return the option that forces the lock if somebody holds it and it may be forced.

    Raises:
        ProjectError: Somebody holds the lock of a deployment that is not one's own.
    """
    if deployment.bundle.mode == "development":  # the folder follows from the user, whom the CLI alone asks for
        return [FORCE_LOCK] if force_lock else []
    held = read_lock(client, str(deployment.bundle.config["workspace"]["state_path"]))
    if held is None:
        return []
    if not (deployment.prefix or force_lock):
        raise ProjectError(
            f"{held} holds the lock of the deployment in {deployment.bundle.target}: wait until that deployment has "
            "ended or, if it was cut off, give FORCE_LOCK=1"
        )
    log.warning("%s holds the lock of the deployment; it is forced", held)
    return [FORCE_LOCK]
