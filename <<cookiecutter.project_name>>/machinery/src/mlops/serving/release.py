"""Brings a version to the callers of an endpoint in steps that can be repeated and taken back.

1. The version is served beside the others, without requests. A first version gets all requests: nobody calls it yet.
2. It is tried.
3. It gets all requests.
4. The alias Champion moves.

If a step fails, the endpoint serves again what it served before. If the process is killed, the endpoint and the alias
may differ until the next run of the job `promotion`, which ends with `align`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd
from databricks.sdk import WorkspaceClient

from ..config.load import ProjectConfig
from ..registry import uri
from .endpoint import Endpoint, EndpointError
from .settings import ServingParameters
from .shares import requested
from .trial import require_same_answers

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Releases:
    """The releases of one model to one endpoint.

    Attributes:
        endpoint: The endpoint.
        model_name: The registered model.
        config: The project's configuration.
    """

    endpoint: Endpoint
    model_name: str
    config: ProjectConfig

    @classmethod
    def of(
        cls, client: WorkspaceClient, settings: ServingParameters, model_name: str, config: ProjectConfig
    ) -> Releases:
        """Return the releases to the endpoint that the settings name."""
        return cls(Endpoint(client, settings), model_name, config)

    def release(self, version: str, rows: pd.DataFrame | None, move_alias: Callable[[], bool]) -> bool:
        """Serve a version for all requests, then move the alias; return whether it was moved.

        Args:
            version: The version.
            rows: Held-out rows of its training run to try it with; None if they are gone.
            move_alias: Moves the alias.

        Raises:
            ProjectError: The version does not become ready, does not answer as it should, or the alias does not move.
                The endpoint serves what it served before.
        """
        before = requested(self.endpoint.shares())
        if not self.endpoint.settings.endpoint_route_optimized:
            self._serve_beside(version, before)
        try:
            if self.endpoint.settings.endpoint_route_optimized:  # only the address of all versions can be asked
                self.endpoint.serve(self.model_name, {version: 100})
            self._try(version, rows)
            self.endpoint.serve(self.model_name, {version: 100})
            return move_alias()
        except Exception:
            self._take_back(before)
            raise

    def begin_rollout(self, version: str, champion: str, rows: pd.DataFrame | None, open_: Callable[[], int]) -> None:
        """Try a version, then give it a share of the requests beside the champion.

        Args:
            version: The challenger.
            champion: The champion.
            rows: Held-out rows of the challenger's training run to try it with; None if they are gone.
            open_: Records that the rollout begins; returns the challenger's share in percent.

        Raises:
            ProjectError: As `release`.
        """
        before = requested(self.endpoint.shares())
        self._serve_beside(version, before)
        try:
            self._try(version, rows)
            share = open_()
            self.endpoint.serve(self.model_name, {champion: 100 - share, version: share})
        except Exception:
            self._take_back(before)
            raise

    def _serve_beside(self, version: str, before: Mapping[str, int]) -> None:
        """Serve a version without requests, unless it is the only one."""
        beside = before if version in before else {**before, version: 0 if before else 100}
        self.endpoint.serve(self.model_name, beside)

    def align(self, champion: str | None) -> None:
        """Let the endpoint serve the champion for all requests, as the alias says; without a champion, leave it.

        Raises:
            EndpointError: It does not become ready.
        """
        if champion is not None:
            self.endpoint.serve(self.model_name, {champion: 100})

    def _try(self, version: str, rows: pd.DataFrame | None) -> None:
        if rows is None:
            log.warning("version %s is served without a trial: the held-out rows of its training are gone", version)
            return
        ask = partial(self.endpoint.query, version=version)
        require_same_answers(uri(self.model_name, version), rows, self.config, ask)
        log.info("endpoint %s: version %s answers as the registered model does", self.endpoint.name, version)

    def _take_back(self, before: dict[str, int]) -> None:
        """Serve what was served before. The error that led here is told, whether this succeeds or not."""
        try:
            if before:
                self.endpoint.serve(self.model_name, before)
            else:
                self.endpoint.delete()
        except EndpointError:
            log.exception("endpoint %s does not serve as before: run the job again", self.endpoint.name)
