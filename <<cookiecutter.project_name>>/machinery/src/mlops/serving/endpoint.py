"""A Model Serving endpoint, through the vendor's SDK. Locally the same calls reach a gateway on this machine.

The platform updates without downtime: the old configuration answers until the new one is ready. It has no call that
cancels an update, so one that takes too long may still succeed later.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, ResourceConflict, ResourceDoesNotExist
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.serving import ServingEndpointDetailed

from ..errors import ProjectError
from ..evaluation.metrics import Array
from . import shares as of_versions
from . import states
from .access import create, set_access
from .configuration import Configuration
from .query import query, query_optimized
from .settings import ServingParameters

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.1  # seconds
_SAY_EVERY = 30.0  # seconds between two lines about an update whose state has not changed


class EndpointError(ProjectError):
    """The endpoint could not be brought to the wanted configuration; the message says why."""


@dataclass(frozen=True)
class Endpoint:
    """One endpoint.

    Attributes:
        client: The client of the workspace.
        settings: How it serves.
        pause_seconds: How long to wait at most before asking for its state again.
    """

    client: WorkspaceClient
    settings: ServingParameters
    pause_seconds: float = 5.0

    @property
    def name(self) -> str:
        """Its name."""
        return self.settings.endpoint_name

    def shares(self) -> dict[str, int]:
        """Return the share of the requests, in percent, of each version that is served; {} if there is no endpoint."""
        endpoint = self._find()
        serving = Configuration.read(endpoint.config) if endpoint else None
        return serving.versions() if serving else {}

    def serve(self, model_name: str, shares: Mapping[str, int]) -> None:
        """Serve these versions with these shares in percent; create the endpoint if needed, and wait until it is ready.

        Raises:
            EndpointError: It did not become ready in time, or failed. The previous configuration was restored; an
                endpoint that did not exist was deleted.
        """
        wanted = Configuration.of_versions(model_name, shares, self.settings)
        deadline = time.monotonic() + 60 * self.settings.endpoint_minutes
        try:
            endpoint = self._wait_until_settled(deadline)
            before = Configuration.read(endpoint.config) if endpoint else None
        except DatabricksError as error:
            raise EndpointError(f"endpoint {self.name}: {states.error_text(error)}") from error
        if endpoint and wanted.equals(before) and states.ready(endpoint):
            set_access(self.client, endpoint, self.settings)
            return
        try:
            self._send(wanted, deadline, exists=endpoint is not None)
            ready = self._wait(wanted, deadline)
            set_access(self.client, ready, self.settings)
        except (EndpointError, DatabricksError) as error:
            reason = (
                states.error_text(error)
                if isinstance(error, EndpointError)
                else f"endpoint {self.name}: {states.error_text(error)}"
            )
            raise EndpointError(f"{reason}. {self._restore(before, existed=endpoint is not None)}") from error
        log.info("endpoint %s serves %s", self.name, of_versions.describe(wanted.versions()))

    def query(self, rows: pd.DataFrame, version: str | None = None) -> Array:
        """Return the predictions of some rows, of any version or of one, whatever its share of the requests.

        Args:
            rows: The columns of the request.
            version: The version; None for the one that the endpoint chooses.

        Raises:
            ProjectError: As `query.query`.
        """
        if self.settings.endpoint_route_optimized:
            return query_optimized(self.client, self.name, rows)
        return query(self.client, self.name, rows, version)

    def delete(self) -> None:
        """Delete the endpoint, if it exists."""
        try:
            self.client.serving_endpoints.delete(self.name)
        except (NotFound, ResourceDoesNotExist):
            return

    def _find(self) -> ServingEndpointDetailed | None:
        try:
            return self.client.serving_endpoints.get(self.name)
        except (NotFound, ResourceDoesNotExist):
            return None

    def _wait_until_settled(self, deadline: float) -> ServingEndpointDetailed | None:
        """Return the endpoint once no update is in progress."""
        logged = False
        while (endpoint := self._find()) is not None and states.updating(endpoint):
            if not logged:
                log.info("endpoint %s is being updated: waiting until that is done", self.name)
                logged = True
            self._pause(deadline, "an earlier update is still in progress")
        return endpoint

    def _send(self, wanted: Configuration, deadline: float, *, exists: bool) -> None:
        """Create the endpoint, or start its update. Somebody else's update may come first: then wait for it."""
        while True:
            try:
                if exists:
                    core = wanted.as_core(self.name)
                    self.client.serving_endpoints.update_config(
                        self.name, served_entities=core.served_entities, traffic_config=core.traffic_config
                    )
                else:
                    create(self.client, wanted, self.settings)
            except ResourceConflict as error:
                log.info("endpoint %s: %s", self.name, states.error_text(error))
                self._pause(deadline, "somebody else updates it")
                exists = self._wait_until_settled(deadline) is not None
            else:
                return

    def _wait(self, wanted: Configuration, deadline: float) -> ServingEndpointDetailed:
        """Wait until the endpoint serves this configuration, and say how far it is."""
        started, logged_at, last_state = time.monotonic(), 0.0, ""
        while True:
            endpoint = self._find()
            if endpoint is None:
                raise EndpointError(f"endpoint {self.name} was deleted while it was updated")
            if not states.updating(endpoint):
                if problem := states.problem(endpoint):
                    raise EndpointError(f"endpoint {self.name}: {problem}")
                if states.ready(endpoint):
                    if not wanted.equals(Configuration.read(endpoint.config)):
                        raise EndpointError(f"somebody else changed endpoint {self.name} while it was updated")
                    return endpoint
            now, state = time.monotonic(), states.progress(endpoint)
            if state != last_state or now - logged_at > _SAY_EVERY:
                log.info("endpoint %s after %.0f s: %s", self.name, now - started, state)
                logged_at, last_state = now, state
            self._pause(deadline, f"it is not ready after {self.settings.endpoint_minutes:g} minutes ({state})")

    def _restore(self, before: Configuration | None, *, existed: bool) -> str:
        """Serve what was served before; return a sentence about it."""
        deadline = time.monotonic() + 60 * self.settings.endpoint_minutes
        try:
            if not existed:
                self.delete()
                return "It was deleted again, because it served nothing before"
            endpoint = self._wait_until_settled(deadline)
            if endpoint is None or before is None:
                return "There is no configuration to go back to"
            if not before.equals(Configuration.read(endpoint.config)):
                self._send(before, deadline, exists=True)
                self._wait(before, deadline)
        except (EndpointError, DatabricksError) as error:
            log.exception("endpoint %s: the previous configuration could not be restored", self.name)
            text = states.error_text(error)
            return f"The previous configuration could not be restored either ({text}): run the job again"
        return f"It serves {of_versions.describe(before.versions())} as before"

    def _pause(self, deadline: float, what: str) -> None:
        """Wait before the next look: a moment at first, because a small change is soon done, then longer."""
        now = time.monotonic()
        waited = 60 * self.settings.endpoint_minutes - (deadline - now)
        pause = min(self.pause_seconds, max(_FIRST_PAUSE, waited / 4))
        if now + pause > deadline:
            raise EndpointError(f"endpoint {self.name}: {what}")
        time.sleep(pause)
