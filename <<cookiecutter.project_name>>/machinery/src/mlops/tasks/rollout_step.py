"""Widen, finish or abort the open rollout.

It runs in the job `promotion`, the only one that changes the endpoint and moves the alias Champion.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..platform.base import Platform
from ..project import Project
from ..registry import Registry
from ..serving.rollout.steps import Steps
from ..serving.settings import ENDPOINT_NAME, ServingParameters
from . import task


class _Step(ServingParameters):
    """Of which model and endpoint the rollout is, and why the step is taken; the reason is recorded."""

    model_name: str
    reason: str
    endpoint_name: str = Field(pattern=rf"^{ENDPOINT_NAME}$")


class Widen(_Step):
    """Give the challenger a greater share of the traffic, in percent."""

    action: Literal["widen"] = "widen"
    model_version: str
    share: int = Field(gt=0, le=100)


class Finish(_Step):
    """Make the challenger champion."""

    action: Literal["finish"] = "finish"
    model_version: str


class Abort(_Step):
    """End the rollout of a version, or whichever rollout is open."""

    action: Literal["abort"] = "abort"
    model_version: str = ""


class Values(task.Values):
    """Which version is champion now, and whether it was promoted by this run."""

    champion_version: str
    promoted: str = "false"


def run(parameters: Widen | Finish | Abort, project: Project, platform: Platform) -> Values:  # noqa: ARG001 - the signature of a task
    """Carry out the step, if the rollout of the version is still open.

    Raises:
        ProjectError: The endpoint does not become ready.
    """
    from ..serving.endpoint import Endpoint  # noqa: PLC0415 - imports the SDK, which takes most of a second

    registry = Registry(parameters.model_name)
    steps, promoted = Steps(registry, Endpoint(platform.serving(), parameters)), False
    match parameters:
        case Widen():
            steps.widen(parameters.model_version, parameters.share, parameters.reason)
        case Finish():
            promoted = steps.finish(parameters.model_version, parameters.reason)
        case Abort():
            steps.abort(parameters.reason, parameters.model_version)
    champion = registry.champion()
    return Values(champion_version=str(champion.version) if champion else "none", promoted=str(promoted).lower())
