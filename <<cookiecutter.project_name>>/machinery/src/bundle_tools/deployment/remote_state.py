"""What a deployment keeps in the workspace, as far as it shows what a failed deployment has changed.

`bundle deploy` of the CLI works in this order (bundle/phases/deploy.go): it takes the lock, replaces the wheels below
artifacts/.internal, uploads files, writes state/deployment.json with the next number, changes resources, writes
state/resources.json, and writes state/metadata.json at last. So a deployment that changes resources changes
deployment.json before, and one that is refused earlier leaves all of them as they are.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound

from ..bundle.load import Bundle
from ..doctor.deployments import read_file, read_json


@dataclass(frozen=True)
class RemoteState:
    """The state of a deployment at one moment; two are equal if no deployment took the lock in between.

    Attributes:
        commit: The commit of the last deployment that succeeded; empty if there was none.
        resources: What the CLI recorded about each resource, by key such as resources.jobs.lifecycle.
        wheels: The names of the wheels; a name follows from the content.
        number: What deployment.json holds.
    """

    commit: str = ""
    resources: Mapping[str, Any] = field(default_factory=dict)
    wheels: frozenset[str] = frozenset()
    number: bytes | None = None

    def ids(self, kind: str) -> set[str]:
        """Return the ids of the resources of a kind, such as jobs."""
        start = f"resources.{kind}."
        return {str(entry.get("__id__")) for key, entry in self.resources.items() if key.startswith(start)}

    def keys_that_differ(self, other: RemoteState) -> set[str]:
        """Return the keys of resources that are not the same in both."""
        keys = {*self.resources, *other.resources}
        return {key for key in keys if self.resources.get(key) != other.resources.get(key)}


def read(client: WorkspaceClient, bundle: Bundle) -> RemoteState:
    """Return the state of a deployment whose folder does not depend on the user.

    Raises:
        DatabricksError: The workspace does not answer, or denies access.
    """
    workspace = bundle.config["workspace"]

    def content(name: str) -> bytes | None:
        return read_file(client, posixpath.join(str(workspace["state_path"]), name))

    metadata = read_json(content("metadata.json") or b"")
    git = ((metadata.get("config") or {}).get("bundle") or {}).get("git") or {}
    return RemoteState(
        str(git.get("commit") or ""),
        read_json(content("resources.json") or b"").get("state") or {},
        _names(client, posixpath.join(str(workspace["artifact_path"]), ".internal")),
        content("deployment.json"),
    )


def _names(client: WorkspaceClient, folder: str) -> frozenset[str]:
    try:
        return frozenset(posixpath.basename(entry.path or "") for entry in client.workspace.list(folder))
    except NotFound:
        return frozenset()
