"""Simulates manual approval, if the bundle requires it."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mlops.registry import Registry

from .scheduler import WheelTask

_TAG = "approval_tag"


def given(call: WheelTask, *, approve: bool) -> WheelTask:
    """Return `call`; if `approve` is set, the version is tagged as approved just before a task checks the tag.

    The tags `<tag>_by` and `<tag>_at` record who approved and when.
    """
    if not approve:
        return call

    def approving(entry_point: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        if _TAG in parameters:
            registry, version, tag = Registry(parameters["model_name"]), parameters["model_version"], parameters[_TAG]
            registry.tag(version, f"{tag}_by", getpass.getuser())
            registry.tag(version, f"{tag}_at", datetime.now(UTC).isoformat(timespec="seconds"))
            registry.tag(version, tag, "approved")
        return call(entry_point, parameters)

    return approving
