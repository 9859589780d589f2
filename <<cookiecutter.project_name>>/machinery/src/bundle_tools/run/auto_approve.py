"""Simulates manual approval, if the bundle requires it."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mlops.registry import Registry

from .scheduler import WheelTask

_TAG = "approval_tag"


def with_approval(call: WheelTask, *, approve: str) -> WheelTask:
    """Return `call`; the version `approve` is tagged as approved just before a task checks the tag of this version.

    Another version, such as one that a new training made, is not approved: nobody has seen it. The tags `<tag>_by` and
    `<tag>_at` record who approved and when.
    """
    if not approve:
        return call

    def approving(entry_point: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        if _TAG in parameters and parameters["model_version"] == approve:
            registry, version, tag = Registry(parameters["model_name"]), parameters["model_version"], parameters[_TAG]
            registry.tag(version, f"{tag}_by", getpass.getuser())
            registry.tag(version, f"{tag}_at", datetime.now(UTC).isoformat(timespec="seconds"))
            registry.tag(version, tag, "approved")
        return call(entry_point, parameters)

    return approving
