"""Removes deployments of integration runs that ended without removing them.

Such a deployment lives only as long as its run, which CI ends after some hours. So one that was last changed earlier
belongs to no run, whether its pull request is closed, stale or still open.
"""

from __future__ import annotations

import logging
import math
import posixpath
import re
import sys
import time
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound

from mlops.errors import ProjectError

from .deployment import TEMPORARY, Deployment, open_deployment
from .destroy import destroy

log = logging.getLogger(__name__)

_HOUR_IN_MS = 3_600_000


def sweep(root: Path, target: str | None, hours: float, now_ms: int | None = None) -> None:
    """Destroy every deployment with a prefix of CI that was last changed more than `hours` ago.

    Raises:
        ProjectError: The target has no such deployments, or one could not be removed; the others are removed anyway.
    """
    main = open_deployment(root, target)
    if main.bundle.mode is not None:
        raise ProjectError(f"target {main.bundle.target} has no deployments of pull requests: use staging")
    now = int(time.time() * 1000) if now_ms is None else now_ms
    failures = []
    found = prefixes(main.client(), main, before_ms=now - int(hours * _HOUR_IN_MS))
    for prefix in found:
        try:
            destroy(open_deployment(root, main.bundle.target, prefix))
        except ProjectError as error:
            failures.append(f"{prefix}: {error}")
            continue
        sys.stdout.write(f"removed the deployment {prefix}\n")
    if failures:
        raise ProjectError("; ".join(failures))
    if not found:
        sys.stdout.write(f"no deployment of a pull request is older than {hours:g} hours\n")


def prefixes(client: WorkspaceClient, main: Deployment, before_ms: int) -> list[str]:
    """Return the prefixes of deployments last changed before a time, by the files of their state in the workspace."""
    parent, name = posixpath.split(str(main.bundle.config["workspace"]["root_path"]))
    pattern = re.compile(rf"({TEMPORARY}){re.escape(name)}")
    try:
        entries = [entry.path or "" for entry in client.workspace.list(parent)]
    except NotFound:
        return []
    matches = [(path, match[1]) for path in entries if (match := pattern.fullmatch(posixpath.basename(path)))]
    return sorted(prefix for path, prefix in matches if _changed_ms(client, path) < before_ms)


def _changed_ms(client: WorkspaceClient, folder: str) -> float:
    """Return when the state of a deployment was last written.

    It is 0 without a state, because the deployment never got so far, and infinite if the workspace does not tell.
    """
    try:
        files = list(client.workspace.list(posixpath.join(folder, "state")))
    except NotFound:
        return 0
    times = [file.modified_at for file in files if file.modified_at is not None]
    return max(times, default=math.inf if files else 0)
