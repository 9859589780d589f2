"""Move the alias Champion back to an earlier version, and keep the bad version from being promoted again.

It runs in the job `promotion`, the only one that moves the alias (see `promotion/champion.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..promotion.champion import move_champion_alias
from ..promotion.decision import Decision
from ..promotion.pause import note_rolled_back, pause
from ..registry import FAILED, PASSED, PENDING, ROLLED_BACK, STATUS_REASONS_TAG, STATUS_TAG, Registry, uri
from ..serving.champion_endpoint import ChampionEndpoint
from ..serving.settings import ServingParameters
from ..tables import frame_of
from ..validation import proof
from ..validation.candidate import Candidate, resolve
from ..validation.smoke_test import smoke
from . import task

log = logging.getLogger(__name__)


class Parameters(ServingParameters):
    """The model, the endpoint, the reason, and the version to go back to; without one, the previous champion.

    Attributes:
        reason: Why; it is recorded on the version that is rolled back.
        training_table: The table with the rows that the versions were trained on.
        rolled_back_table: The table of the rolled-back versions, by which readers can leave out their predictions.
        pause: Whether automatic promotion pauses until somebody resumes it.
    """

    action: Literal["rollback"] = "rollback"
    model_name: str
    reason: str
    rolled_back_table: str
    training_table: str = ""
    to_version: str = ""
    pause: bool = True


class Values(task.Values):
    """Which version is champion now, and which version was rolled back."""

    champion_version: str
    rolled_back_version: str


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Check the earlier version, mark the champion as rolled back, pause promotion, serve it, and move the alias.

    Raises:
        ProjectError: There is no champion or no earlier version, or that version fails a check; nothing has changed.
    """
    registry = Registry(parameters.model_name)
    champion = registry.champion()
    if champion is None:
        raise ProjectError(f"model {parameters.model_name} has no champion, so there is nothing to roll back.")
    bad, target = str(champion.version), parameters.to_version
    target = target or champion.tags.get("previous_champion", "none")
    if target in {"none", bad}:
        raise ProjectError(
            f"version {bad} of {parameters.model_name} has no previous champion: give the version to go back to "
            "(to_version)."
        )
    _require_sound(registry, target)
    # If the process stops before the alias moves, running the task again has the same result.
    registry.tag(bad, ROLLED_BACK, parameters.reason)
    note_rolled_back(registry, bad)
    if parameters.pause:
        pause(registry, f"version {bad} was rolled back ({parameters.reason})")
    _list(platform, parameters, bad)
    candidate = Candidate(
        model_name=parameters.model_name, model_uri="", model_version=target, training_table=parameters.training_table
    )
    endpoint = ChampionEndpoint(registry, parameters, project, platform)
    with endpoint.serving(resolve(candidate)):
        move_champion_alias(registry, target, bad, remember=False)
    # Afterwards, because the bad version must stop answering first. If this is not reached, the job `rollout` sees it.
    endpoint.end_rollout(f"version {bad}, which it was compared with, was rolled back")
    log.info("version %s was rolled back to version %s: %s", bad, target, parameters.reason)
    return Values(champion_version=target, rolled_back_version=bad)


def _list(platform: Platform, parameters: Parameters, version: str) -> None:
    """Add the version to the table of rolled-back versions, once."""
    row = (parameters.model_name, version, datetime.now(UTC), parameters.reason)
    columns = dict.fromkeys(("model_name", "model_version", "rolled_back_at", "reason"), "string")
    frame = frame_of(platform.tables.spark, [row], columns | {"rolled_back_at": "timestamp"})
    platform.tables.merge(parameters.rolled_back_table, frame, keys=["model_name", "model_version"], update=False)


def _require_sound(registry: Registry, version: str) -> None:
    tags = registry.version(version).tags
    if tags.get(STATUS_TAG) != PASSED or ROLLED_BACK in tags:
        what = "was rolled back itself" if ROLLED_BACK in tags else _why_not_passed(tags)
        raise ProjectError(f"version {version} of {registry.name} {what}: give another version (to_version).")
    proof.require_same_model(registry, registry.version(version))
    decision = Decision.of(smoke(uri(registry.name, version)))
    if not decision.passed:
        raise ProjectError(
            f"version {version} of {registry.name} cannot become champion: {decision}. Give another version "
            "(to_version)."
        )


def _why_not_passed(tags: Mapping[str, str]) -> str:
    """Return what the tags of a version say about its last validation, which it has not passed."""
    status, reasons = tags.get(STATUS_TAG), tags.get(STATUS_REASONS_TAG)
    if status == FAILED:
        return f"failed its last validation{f' ({reasons})' if reasons else ''}"
    return "has not finished its validation" if status == PENDING else "was never validated"
