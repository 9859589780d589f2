"""Look whether a rollout is open, which takes one request: if none is, the job `rollout` ends here."""

from __future__ import annotations

from ..platform.base import Platform
from ..project import Project
from ..registry import Registry
from ..serving.rollout import record
from . import task


class Parameters(task.Parameters):
    """The registered model."""

    model_name: str


class Values(task.Values):
    """Whether a rollout is open (`true` or `false`), and of which version."""

    open: str
    model_version: str = "none"


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:  # noqa: ARG001 - the signature of a task
    """Return the open rollout.

    Raises:
        ProjectError: Its record was changed by hand.
    """
    version = record.is_open(Registry(parameters.model_name))
    return Values(open="false") if version is None else Values(open="true", model_version=version)
