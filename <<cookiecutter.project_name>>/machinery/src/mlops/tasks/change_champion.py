"""Change which version is champion, or whether versions are promoted: the only task that moves the alias Champion."""

from __future__ import annotations

from typing import Literal

from ..platform.base import Platform
from ..project import Project
from ..promotion.pause import resume
from ..registry import Registry
from ..serving.promote import ChampionOnEndpoint
from ..serving.settings import ServingParameters
from . import deploy, rollback, rollout_step, task


class Parameters(ServingParameters):
    """What to do, and its parameters: those of `deploy`, `rollback` or `rollout_step`, or a reason to resume."""

    action: Literal["promote", "rollback", "resume", "widen", "finish", "abort"]
    model_name: str
    model_uri: str = ""
    model_version: str = ""
    run_id: str = ""
    training_table: str = ""
    override_reason: str = ""
    reason: str = ""
    to_version: str = ""
    share: int = 0
    pause: bool = True
    rolled_back_table: str = ""


class Values(task.Values):
    """Which version is champion now, whether it was promoted by this run, and which version was rolled back."""

    champion_version: str
    promoted: str = "false"
    rolled_back_version: str = "none"


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Promote a version if it is better than the champion, roll the champion back, or resume automatic promotion.

    Or widen, finish or abort the rollout of a version that is compared with the champion online.

    Raises:
        ProjectError: As `deploy.run`, `rollback.run`, `rollout_step.run` and `resume`.
    """
    given = parameters.model_dump()
    if parameters.action == "promote":
        wanted = {name: given[name] for name in deploy.Parameters.model_fields}
        promoted = deploy.run(deploy.Parameters(**wanted), project, platform)
        return Values(champion_version=promoted.champion_version, promoted=promoted.promoted)
    if parameters.action == "rollback":
        wanted = {name: given[name] for name in rollback.Parameters.model_fields}
        restored = rollback.run(rollback.Parameters(**wanted), project, platform)
        return Values(champion_version=restored.champion_version, rolled_back_version=restored.rolled_back_version)
    if parameters.action in {"widen", "finish", "abort"}:
        wanted = {name: given[name] for name in rollout_step.Parameters.model_fields}
        stepped = rollout_step.run(rollout_step.Parameters(**wanted), project, platform)
        return Values(champion_version=stepped.champion_version, promoted=stepped.promoted)
    registry = Registry(parameters.model_name)
    resume(registry, parameters.reason)
    ChampionOnEndpoint(registry, parameters, project, platform).align()
    champion = registry.champion()
    return Values(champion_version=str(champion.version) if champion else "none")
