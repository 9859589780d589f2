"""Brings a version to the callers of an endpoint in steps that can be repeated and taken back.

1. The version is served beside the others, without requests. A first version gets all requests: nobody calls it yet.
2. It is tried.
3. It gets all requests.
4. The caller moves the alias Champion (`promotion/champion.py`), inside `with releases.serve_alone(...)`.

If a step fails, the endpoint serves again what it served before. If the process is killed, the endpoint and the alias
may differ until the next run of the job `promotion`, which ends with `align`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pandas as pd
from databricks.sdk import WorkspaceClient

from ..config.load import ProjectConfig
from ..registry import uri
from .endpoint import Endpoint, EndpointError
from .settings import ServingParameters
from .shares import with_requests
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

    @contextmanager
    def serve_alone(self, version: str, rows: pd.DataFrame | None) -> Iterator[None]:
        """Try a version, and serve it for all requests, before the block; if an error is raised, take that back.

        Args:
            version: The version.
            rows: Held-out rows of its training run to try it with; None if they are gone.

        Raises:
            ProjectError: The version does not become ready, or does not answer as it should. The endpoint serves what
                it served before.
        """
        if self.endpoint.settings.endpoint_route_optimized:  # only the address of all versions can be asked
            with self._take_back_on_error(with_requests(self.endpoint.shares())):
                self.endpoint.serve(self.model_name, {version: 100})
                self._try(version, rows)
                yield
        else:
            with self.serve_beside(version, rows):
                self.endpoint.serve(self.model_name, {version: 100})
                yield

    @contextmanager
    def serve_beside(self, version: str, rows: pd.DataFrame | None) -> Iterator[None]:
        """Serve a version without requests, unless it is the only one, and try it, before the block.

        Args:
            version: The version.
            rows: Held-out rows of its training run to try it with; None if they are gone.

        Raises:
            ProjectError: As `serve_alone`.
        """
        before = with_requests(self.endpoint.shares())
        beside = before if version in before else {**before, version: 0 if before else 100}
        self.endpoint.serve(self.model_name, beside)
        with self._take_back_on_error(before):
            self._try(version, rows)
            yield

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

    @contextmanager
    def _take_back_on_error(self, before: Mapping[str, int]) -> Iterator[None]:
        """If an error is raised in the block, serve what was served before; the error is told in any case."""
        try:
            yield
        except Exception:
            self._take_back(before)
            raise

    def _take_back(self, before: Mapping[str, int]) -> None:
        try:
            if before:
                self.endpoint.serve(self.model_name, before)
            else:
                self.endpoint.delete()
        except EndpointError:
            log.exception("endpoint %s does not serve as before: run the job again", self.endpoint.name)
