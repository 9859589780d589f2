"""What a deployment looks at before it changes anything: the lock, and what an interrupted deployment left behind."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from mlops.errors import ProjectError

from ..bundle.load import Bundle
from . import leftovers, remote_state
from .deployment import Deployment
from .destroy import destroy
from .lock import FORCE_LOCK, lock_options
from .own_schemas import schema_names
from .workspace_objects import Leftover

log = logging.getLogger(__name__)

_WITH_DATA = ("schemas", "experiments", "volumes", "registered_models")  # nobody is told to delete them


def prepare(deployment: Deployment, *, force_lock: bool) -> list[str]:
    """Make sure that a deployment may begin, and return the CLI's options about the lock.

    A deployment with a prefix belongs to one run of CI, so its lock is forced, and what the deployment before left
    behind is removed. In development, the CLI alone knows the folder of the deployment.

    Raises:
        ProjectError: Somebody else deploys, or what an interrupted deployment left would be made a second time.
    """
    if deployment.bundle.mode == "development":
        return [FORCE_LOCK] if force_lock else []
    try:
        client = deployment.client()
        options = lock_options(client, deployment, force_lock=force_lock)
        unknown = _unknown(client, deployment)
    except DatabricksError as error:
        raise ProjectError(f"the deployment in {deployment.bundle.target} cannot be read: {error}") from None
    if unknown and deployment.prefix:
        log.warning("an interrupted deployment left %s: it is removed first", ", ".join(map(str, unknown)))
        destroy(deployment)
        return []
    if unknown:
        sys.stdout.write(
            "".join(f"{line}\n" for left in unknown for line in _commands(deployment.bundle, left, options))
        )
        raise ProjectError(
            f"an interrupted deployment to {deployment.bundle.target} left {len(unknown)} objects, which this one "
            "would make a second time: keep or remove each with one of the commands above, then deploy again"
        )
    return options


def _unknown(client: WorkspaceClient, deployment: Deployment) -> list[Leftover]:
    """Return the objects of the deployment that the CLI does not know."""
    bundle = deployment.bundle
    objects = list(leftovers.declared(client, bundle, schema_names(deployment)))
    if not objects:
        return []
    state, summary = remote_state.read(client, bundle), deployment.summary().get("resources") or {}
    return [
        one
        for one in objects
        if one.id not in state.ids(one.kind)
        and one.id not in {str(resource.get("id")) for resource in (summary.get(one.kind) or {}).values()}
    ]


def _commands(bundle: Bundle, left: Leftover, lock: list[str]) -> list[str]:
    resources = (bundle.config["resources"].get(left.kind) or {}).items()
    keys = [key for key, one in resources if left.name in _names(one)]
    options = " ".join(["--target", bundle.target, "--auto-approve", *lock])
    keep = [f"databricks bundle deployment bind {key} {left.id} {options}" for key in keys]
    remove = [] if left.kind in _WITH_DATA else [left.command]
    lines = [f"  to keep it:   {command}" for command in keep] + [f"  to remove it: {command}" for command in remove]
    return [str(left), *lines]


def _names(resource: Mapping[str, Any]) -> set[str]:
    """Return the names by which the workspace lists a resource."""
    parts = [resource.get(part) for part in ("catalog_name", "schema_name", "name")]
    full = ".".join(str(part) for part in parts if part)
    return {full, str(resource.get("name")), str(resource.get("display_name"))}
