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
from collections.abc import Iterator
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound

from mlops.errors import ProjectError

from .deployment import TEMPORARY, Deployment, open_deployment
from .destroy import destroy
from .own_schemas import schema_names, snapshots
from .workspace_objects import metadata_path, plain

log = logging.getLogger(__name__)

_HOUR_IN_MS = 3_600_000


def sweep(root: Path, target: str | None, hours: float, now_ms: int | None = None) -> None:
    """Destroy every deployment with a prefix of CI that was last changed more than `hours` ago.

    Raises:
        ProjectError: The target has no such deployments, or one could not be removed; the others are removed anyway.
    """
    if not (math.isfinite(hours) and hours >= 0):
        raise ProjectError(f"HOURS is {hours}: give a number of hours from 0 on, such as 6")
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
    """Return the prefixes of deployments last changed before a time.

    They are known by their folders in the workspace, and by jobs and schemas that remain where a folder is gone.
    """
    parent, name = posixpath.split(str(main.bundle.config["workspace"]["root_path"]))
    folder = re.compile(rf"({TEMPORARY}){re.escape(name)}")
    times: dict[str, float] = {}
    for prefix, time_ms in (*_schemas(client, main), *_jobs(client, parent, folder), *_folders(client, parent, folder)):
        times[prefix] = max(time_ms, times.get(prefix, 0))
    return sorted(prefix for prefix, time_ms in times.items() if time_ms < before_ms)


def _folders(client: WorkspaceClient, parent: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, float]]:
    try:
        entries = [entry.path or "" for entry in client.workspace.list(parent)]
    except NotFound:
        return
    for path in entries:
        if match := pattern.fullmatch(posixpath.basename(path)):
            yield match[1], _changed_ms(client, path)


def _jobs(client: WorkspaceClient, parent: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, float]]:
    """Yield the prefix and the time of creation of each job; it names the file ROOT/state/metadata.json."""
    for job in client.jobs.list():
        path = metadata_path(job.settings)
        root = posixpath.dirname(posixpath.dirname(path))
        match = pattern.fullmatch(posixpath.basename(root))
        if match and posixpath.dirname(root) == plain(parent):
            yield match[1], job.created_time or 0


def _schemas(client: WorkspaceClient, main: Deployment) -> Iterator[tuple[str, float]]:
    for full in [*schema_names(main), *snapshots(main)]:
        catalog, _, name = full.partition(".")
        pattern = re.compile(rf"({TEMPORARY}){re.escape(name)}")
        for schema in client.schemas.list(catalog):
            if match := pattern.fullmatch(schema.name or ""):
                yield match[1], schema.created_at or 0


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
