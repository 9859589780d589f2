"""The endpoint that serves the champion, if the project has one: what a change of the champion does with it."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd

from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..registry import Registry
from ..training import training_set
from ..validation.candidate import Candidate
from .online_features import require_published
from .rollout.record import is_open, open_rollout, record_start
from .settings import ServingParameters

if TYPE_CHECKING:
    from .release import Releases

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ChampionEndpoint:
    """The endpoint that serves the champion of a model.

    Attributes:
        registry: The registered model.
        settings: The endpoint; without a name there is none, and nothing here has an effect.
        project: The project.
        platform: The platform.
    """

    registry: Registry
    settings: ServingParameters
    project: Project
    platform: Platform

    def serving(self, candidate: Candidate) -> AbstractContextManager[None]:
        """Serve a version for all requests before the block, which makes it champion.

        If the block raises an error, the endpoint serves again what it served before.

        Args:
            candidate: The version, with its training run.

        Raises:
            ProjectError: As `Releases.serve_alone`.
        """
        if not self.settings.endpoint_name:
            return nullcontext()
        releases = self._releases(candidate.model_name)
        return releases.serve_alone(candidate.model_version, self._holdout(candidate))

    def require_features(self) -> None:
        """Make sure that the endpoint, if there is one, can look features up. A rollback does not wait for that.

        Raises:
            ProjectError: As `require_published`.
        """
        if self.settings.endpoint_name:
            schema = self.registry.name.rpartition(".")[0]
            require_published(self.project.config, self.platform, schema, self.settings.online_store)

    @property
    def compares_online(self) -> bool:
        """Whether a version that wins the offline comparison is compared with the champion on requests as well."""
        return bool(self.settings.endpoint_name) and self.project.config.serving.rollout != "direct"

    def start_rollout(self, candidate: Candidate, champion: str) -> None:
        """Open the rollout of a version that won the offline comparison: it answers a share of the requests.

        Raises:
            ProjectError: As `serving`, or another rollout is open.
        """
        version, releases = candidate.model_version, self._releases(candidate.model_name)
        with releases.serve_beside(version, self._holdout(candidate)):
            share = open_rollout(self.registry, version, champion, self.project.config.serving, datetime.now(UTC))
            releases.endpoint.serve(candidate.model_name, {champion: 100 - share, version: share})
        record_start(self.registry, datetime.now(UTC))

    def align(self) -> None:
        """Let the endpoint, if there is one, serve the champion, unless a rollout is open.

        Raises:
            ProjectError: It does not become ready.
        """
        champion = self.registry.champion() if self.settings.endpoint_name else None
        if champion is not None and not is_open(self.registry):
            self._releases(self.registry.name).align(str(champion.version))

    def end_rollout(self, why: str) -> None:
        """End the open rollout, if there is one, in favour of the champion.

        Raises:
            ProjectError: The endpoint does not become ready.
        """
        if self.settings.endpoint_name:
            from .endpoint import Endpoint  # noqa: PLC0415 - as in _releases
            from .rollout.steps import Steps  # noqa: PLC0415 - likewise

            Steps(self.registry, Endpoint(self.platform.serving(), self.settings)).abort(why)

    def _releases(self, model_name: str) -> Releases:
        from .release import Releases  # noqa: PLC0415 - imports the SDK, which takes most of a second

        return Releases.of(self.platform.serving(), self.settings, model_name, self.project.config)

    def _holdout(self, candidate: Candidate) -> pd.DataFrame | None:
        try:
            return training_set.read(self.platform.tables, candidate.training_table, candidate.run_id, "holdout")
        except ProjectError as error:
            log.warning("%s", error)
            return None
