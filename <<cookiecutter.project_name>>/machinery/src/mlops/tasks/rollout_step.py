"""Widen, finish or abort the open rollout.

It runs in the job `promotion`, the only one that changes the endpoint and moves the alias Champion.
"""

from __future__ import annotations

from typing import Literal

from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..registry import Registry
from ..serving.rollout.steps import Steps
from ..serving.settings import ServingParameters
from . import task


class Parameters(ServingParameters):
    """What to do with the rollout of which version, and why.

    Attributes:
        action: What to do.
        model_name: The registered model.
        model_version: The challenger; without one, `abort` ends whichever rollout is open.
        share: The share of the traffic to widen to, in percent.
        reason: Why; it is recorded.
    """

    action: Literal["widen", "finish", "abort"]
    model_name: str
    model_version: str = ""
    share: int = 0
    reason: str = ""


class Values(task.Values):
    """Which version is champion now, and whether it was promoted by this run."""

    champion_version: str
    promoted: str = "false"


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:  # noqa: ARG001 - the signature of a task
    """Carry out the step, if the rollout of the version is still open.

    Raises:
        ProjectError: There is no reason or no endpoint, or the endpoint does not become ready.
    """
    registry = Registry(parameters.model_name)
    if not parameters.reason.strip():
        raise ProjectError(
            f"the action {parameters.action} needs a reason, which is recorded on the version: give the job parameter "
            "reason."
        )
    if not parameters.endpoint_name:
        raise ProjectError("a rollout needs an endpoint: give the parameter endpoint_name.")
    from ..serving.endpoint import Endpoint  # noqa: PLC0415 - imports the SDK, which takes most of a second

    step, promoted = Steps(registry, Endpoint(platform.serving(), parameters)), False
    if parameters.action == "widen":
        step.widen(parameters.model_version, parameters.share, parameters.reason)
    elif parameters.action == "finish":
        promoted = step.finish(parameters.model_version, parameters.reason)
    else:
        step.abort(parameters.reason, parameters.model_version)
    champion = registry.champion()
    return Values(champion_version=str(champion.version) if champion else "none", promoted=str(promoted).lower())
