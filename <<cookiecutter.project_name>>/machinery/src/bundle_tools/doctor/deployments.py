"""What earlier and other deployments left behind: a lock, and schemas that this deployment did not create."""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound

from ..bundle.load import Bundle
from . import wanted
from .access import Visit
from .finding import Finding, fine, missing, unseen

# Their names and content are those of the CLI: libs/locker/locker.go, bundle/bundle.go, bundle/deploy/terraform.
_LOCK = "deploy.lock"
_MINUTES = 30  # a deployment takes a few
_STATES = ("resources.json", "terraform.tfstate")


def state_folder(bundle: Bundle) -> list[str]:
    """Return the folder in which the CLI keeps the state of the deployment."""
    return [str(bundle.config["workspace"]["state_path"])]


@dataclass(frozen=True)
class Lock:
    """The lock of a deployment that is running, or that was cut off.

    Attributes:
        owner: Who deploys or deployed.
        since: When the lock was taken, as the CLI wrote it; empty if it did not say.
        minutes: How long ago that was; None if the CLI did not say.
    """

    owner: str
    since: str
    minutes: float | None

    def __str__(self) -> str:
        """Return the owner and the age."""
        age = f" since {self.since} ({self.minutes:.0f} minutes ago)" if self.minutes is not None else ""
        return f"{self.owner}{age}"


def read_lock(client: WorkspaceClient, folder: str) -> Lock | None:
    """Return the lock in a folder of state, or None if there is none."""
    content = read_file(client, posixpath.join(folder, _LOCK))
    if content is None:
        return None
    tree = read_json(content)
    when = tree.get("AcquisitionTime")
    return Lock(str(tree.get("User") or "somebody"), str(when or ""), _minutes_since(when))


def lock(visit: Visit, folder: str) -> Finding:
    """Return whether the next deployment would stop at a lock that an earlier one left behind.

    A young lock belongs to a deployment that is running.
    """
    held = read_lock(visit.client, folder)
    if held is None:
        return fine("no deployment is running, and none left its lock behind")
    if held.minutes is not None and held.minutes < _MINUTES:
        return fine(
            f"{held.owner} has been deploying for {held.minutes:.0f} minutes; another deployment would stop at the "
            "lock until then"
        )
    since = f" since {held.since}" if held.minutes is not None else ""
    return missing(
        f"{held.owner} has held the lock of the deployment{since}: that deployment was cut off, so run make deploy "
        f"TARGET={visit.bundle.target} FORCE_LOCK=1 once"
    )


def _minutes_since(when: object) -> float | None:
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(str(when))).total_seconds() / 60
    except (ValueError, TypeError):
        return None


def owner_of_schema(visit: Visit, name: str) -> Finding:
    """Return whether a schema that the bundle creates is free, or was created by this very deployment."""
    try:
        schema = visit.client.schemas.get(name)
    except NotFound:
        return fine(f"no other deployment uses schema {name}")
    (folder,) = state_folder(visit.bundle)
    contents = [
        content for state in _STATES if (content := read_file(visit.client, posixpath.join(folder, state))) is not None
    ]
    if any(name in _ids(read_json(content)) for content in contents):
        return fine(f"schema {name} belongs to this deployment")
    if not contents and not _sees_everything(visit, folder):
        return unseen(f"whether another deployment uses schema {name}: {folder} is not visible to you")
    return missing(
        f"schema {name} exists (owner {schema.owner or 'unknown'}), and the deployment in {folder} did not create it: "
        f"use another schema, set at {wanted.place(visit.bundle, name.partition('.')[2])}, or take this one over with "
        f"databricks bundle deployment bind {_key_of(visit.bundle, name)} {name} --target {visit.bundle.target}"
    )


def _sees_everything(visit: Visit, folder: str) -> bool:
    """Return whether a missing file means that there is none: the folder is one's own, or one is an administrator."""
    return f"/{visit.me.name}/" in folder or "admins" in visit.me.groups


def _ids(tree: Any) -> set[str]:  # noqa: ANN401 - the state of two engines
    """Return the ids of resources, at any depth: `__id__` in the state of the CLI itself, `id` in that of Terraform."""
    if isinstance(tree, dict):
        own = {str(tree[key]) for key in ("__id__", "id") if isinstance(tree.get(key), str)}
        return own.union(*(_ids(value) for value in tree.values()))
    return set().union(*(_ids(value) for value in tree)) if isinstance(tree, list) else set()


def _key_of(bundle: Bundle, name: str) -> str:
    schemas = (bundle.config["resources"].get("schemas") or {}).items()
    return str(next(key for key, schema in schemas if f"{schema.get('catalog_name')}.{schema.get('name')}" == name))


def read_file(client: WorkspaceClient, path: str) -> bytes | None:
    """Return the content of a file of the workspace, or None if there is no such file."""
    try:
        with client.workspace.download(path) as content:
            return bytes(content.read())
    except NotFound:
        return None


def read_json(content: bytes) -> dict[str, Any]:
    """Return the object in a file, empty if it is not JSON."""
    try:
        tree = json.loads(content)
    except ValueError:
        return {}
    return tree if isinstance(tree, dict) else {}
