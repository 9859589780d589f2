"""Change which version is champion, or whether versions are promoted: the only task that moves the alias Champion."""

from __future__ import annotations

from typing import Literal, TypeAlias

from ..platform.base import Platform
from ..project import Project
from ..promotion.pause import resume
from ..registry import Registry
from ..serving.champion_endpoint import ChampionEndpoint
from ..serving.settings import ServingParameters
from . import promote, rollback, rollout_step, task


class Resume(ServingParameters):
    """The model whose automatic promotion resumes, its endpoint, and why; the reason is recorded."""

    action: Literal["resume"] = "resume"
    model_name: str
    reason: str


Parameters: TypeAlias = (
    promote.Parameters | rollback.Parameters | Resume | rollout_step.Widen | rollout_step.Finish | rollout_step.Abort
)


class Values(task.Values):
    """Which version is champion now, whether it was promoted by this run, and which version was rolled back."""

    champion_version: str
    promoted: str = "false"
    rolled_back_version: str = "none"


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Promote a version if it is better than the champion, roll the champion back, or resume automatic promotion.

    Or widen, finish or abort the rollout of a version that is compared with the champion online.

    Raises:
        ProjectError: As `promote.run`, `rollback.run`, `rollout_step.run` and `resume`.
    """
    match parameters:
        case promote.Parameters():
            return Values(**promote.run(parameters, project, platform).model_dump())
        case rollback.Parameters():
            return Values(**rollback.run(parameters, project, platform).model_dump())
        case Resume():
            return _resume(parameters, project, platform)
        case _:
            return Values(**rollout_step.run(parameters, project, platform).model_dump())


def _resume(parameters: Resume, project: Project, platform: Platform) -> Values:
    registry = Registry(parameters.model_name)
    resume(registry, parameters.reason)
    ChampionEndpoint(registry, parameters, project, platform).align()
    champion = registry.champion()
    return Values(champion_version=str(champion.version) if champion else "none")
