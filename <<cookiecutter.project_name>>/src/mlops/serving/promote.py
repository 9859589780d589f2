"""Moves the alias Champion together with the endpoint that serves the champion, if the project has one."""

from __future__ import annotations

import logging

import pandas as pd

from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..promotion.champion import promote
from ..registry import Registry
from ..training import training_set
from ..validation.candidate import Candidate
from .online_features import require_published
from .release import Releases
from .settings import ServingParameters

log = logging.getLogger(__name__)


def promote_and_serve(  # noqa: PLR0913 - what changes the champion, and where
    registry: Registry,
    candidate: Candidate,
    expected: str | None,
    settings: ServingParameters,
    project: Project,
    platform: Platform,
    *,
    remember: bool = True,
) -> bool:
    """Make a version champion, after the endpoint serves it; return whether the alias was moved.

    Args:
        registry: The registered model.
        candidate: The version, with its training run.
        expected: The champion that the version was compared with; None if there was none.
        settings: The endpoint; without a name only the alias moves.
        project: The project.
        platform: The platform.
        remember: Whether to record the expected champion as the version to go back to in a rollback.

    Raises:
        ProjectError: As `promote` and `Releases.release`, or a feature table is not in the online store.
    """

    def move_alias() -> bool:
        return promote(registry, candidate.model_version, expected, remember=remember)

    if not settings.endpoint_name:
        return move_alias()
    require_published(project.config, platform, registry.name.rpartition(".")[0], settings.online_store)
    releases = Releases.of(platform.serving(), settings, registry.name, project.config)
    return releases.release(candidate.model_version, _rows(candidate, platform), move_alias)


def align(registry: Registry, settings: ServingParameters, project: Project, platform: Platform) -> None:
    """Let the endpoint, if there is one, serve the champion.

    Raises:
        ProjectError: It does not become ready.
    """
    champion = registry.champion()
    if settings.endpoint_name and champion is not None:
        releases = Releases.of(platform.serving(), settings, registry.name, project.config)
        releases.align(str(champion.version))


def _rows(candidate: Candidate, platform: Platform) -> pd.DataFrame | None:
    try:
        return training_set.read(platform.tables, candidate.training_table, candidate.run_id, "holdout")
    except ProjectError as error:
        log.warning("%s", error)
        return None
