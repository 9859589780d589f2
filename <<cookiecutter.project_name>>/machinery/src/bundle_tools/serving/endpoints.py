"""The endpoints of the gateway: their documents, the scoring servers behind them, and their updates."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import RLock, Thread
from typing import Any

from . import configuration, documents
from .documents import ID, Document, RefusedError
from .scoring_process import NotStartedError, ScoringProcess
from .state import State


class Endpoints:
    """All endpoints. A configuration is used once all of its entities serve; until then the one before it is.

    Args:
        state: Where the endpoints are saved.
        process: Makes the scoring server of an entity, which is not started yet.
    """

    def __init__(self, state: State, process: Callable[[Mapping[str, Any]], ScoringProcess]) -> None:
        self.state = state
        self._process = process
        self._lock = RLock()
        self._documents = {str(endpoint["name"]): endpoint for endpoint in state.endpoints()}
        self._processes: dict[str, ScoringProcess] = {}

    def restore(self) -> None:
        """Start the scoring servers of the endpoints that were saved, and go on with updates that were interrupted."""
        with self._lock:
            for endpoint in self._documents.values():
                for entity in endpoint.get("config", {}).get("served_entities", []):
                    Thread(target=_start, args=[self._of(entity)], daemon=True).start()
                if documents.is_updating(endpoint):
                    self._begin(endpoint)

    def all(self) -> list[Document]:
        """Return all endpoints."""
        with self._lock:
            return list(self._documents.values())

    def get(self, name: str) -> Document:
        """Return an endpoint.

        Raises:
            RefusedError: There is none with this name.
        """
        with self._lock:
            if name not in self._documents:
                raise documents.missing(name)
            return self._documents[name]

    def create(self, given: Mapping[str, Any]) -> Document:
        """Create an endpoint, whose entities are then started.

        Raises:
            RefusedError: Its name is taken, or its configuration is not valid.
        """
        name = str(given.get("name") or "")
        with self._lock:
            if not name:
                raise RefusedError(400, "INVALID_PARAMETER_VALUE", "The endpoint has no name.")
            if name in self._documents:
                raise RefusedError(409, "RESOURCE_ALREADY_EXISTS", f"Endpoint with name '{name}' already exists.")
            endpoint = documents.new(name, given, _now())
            if given.get("config") is None:
                return self._save(endpoint)
            return self._begin(
                documents.updating(endpoint, configuration.pending(endpoint, given["config"], _now()), _now())
            )

    def update(self, name: str, given: Mapping[str, Any]) -> Document:
        """Begin to change an endpoint to another configuration.

        Raises:
            RefusedError: There is no such endpoint, another update is in progress, or the configuration is not valid.
        """
        with self._lock:
            endpoint = self.get(name)
            if documents.is_updating(endpoint):
                message = f"Endpoint '{name}' is currently updating. Wait for the update to complete, then try again."
                raise RefusedError(409, "RESOURCE_CONFLICT", message)
            return self._begin(documents.updating(endpoint, configuration.pending(endpoint, given, _now()), _now()))

    def change(self, name: str, **facts: object) -> Document:
        """Set other facts of an endpoint, such as its tags.

        Raises:
            RefusedError: There is no such endpoint.
        """
        with self._lock:
            return self._save(self.get(name) | facts | {"last_updated_timestamp": _now()})

    def delete(self, name: str) -> None:
        """Delete an endpoint, and end its scoring servers.

        Raises:
            RefusedError: There is no such endpoint.
        """
        with self._lock:
            self.get(name)
            del self._documents[name]
            self.state.forget(name)
        self._sweep()

    @contextmanager
    def chosen(
        self, name: str, choose: Callable[[Document], Mapping[str, Any]]
    ) -> Iterator[tuple[Document, Mapping[str, Any], ScoringProcess]]:
        """Give an endpoint, one of its entities, and its scoring server, which is not stopped in the `with` block.

        Raises:
            RefusedError: There is no such endpoint, or as `choose`.
        """
        with ExitStack() as stack:
            with self._lock:
                endpoint = self.get(name)
                entity = choose(endpoint)
                process = self._of(entity)
                stack.enter_context(process.keep_alive())
            yield endpoint, entity, process

    def logs(self, name: str, entity: str) -> str:
        """Return what the scoring server of an entity has written.

        Raises:
            RefusedError: There is no such endpoint or entity.
        """
        endpoint = self.get(name)
        for config in (endpoint.get("pending_config", {}), endpoint.get("config", {})):
            for served in config.get("served_entities", []):
                if served["name"] == entity:
                    return self.state.log_of(served[ID])
        raise RefusedError(404, "RESOURCE_DOES_NOT_EXIST", f"The endpoint '{name}' has no served entity '{entity}'.")

    def close(self) -> None:
        """End all scoring servers."""
        with self._lock:
            processes, self._processes = self._processes, {}
        for process in processes.values():
            process.stop()

    def _begin(self, endpoint: Document) -> Document:
        """Start what the pending configuration needs; with nothing to start, it is in use at once."""
        config = endpoint["pending_config"]
        if all(self._of(entity).runs for entity in config["served_entities"]):
            saved = self._save(documents.in_use(endpoint, config, _now()))
            Thread(target=self._sweep, daemon=True).start()
            return saved
        self._save(endpoint)
        Thread(target=self._apply, args=[endpoint], daemon=True).start()
        return endpoint

    def _apply(self, endpoint: Document) -> None:
        config = endpoint["pending_config"]
        with self._lock:
            processes = {entity[ID]: self._of(entity) for entity in config["served_entities"]}
        with ThreadPoolExecutor(len(processes)) as threads:
            messages = dict(zip(processes, threads.map(_start, processes.values()), strict=True))
        failures = {entity_id: message for entity_id, message in messages.items() if message is not None}
        with self._lock:
            now = self._documents.get(str(endpoint["name"]), {})
            if now.get("pending_config", {}).get("start_time") == config["start_time"] and now["id"] == endpoint["id"]:
                self._save(
                    documents.with_failure(now, failures, _now()) if failures else documents.in_use(now, config, _now())
                )
        self._sweep()

    def _sweep(self) -> None:
        """End the scoring servers that no endpoint needs any more."""
        with self._lock:
            needed = set()
            for endpoint in self._documents.values():
                coming = endpoint.get("pending_config", {}) if documents.is_updating(endpoint) else {}
                for config in (endpoint.get("config", {}), coming):
                    needed |= {entity[ID] for entity in config.get("served_entities", [])}
            gone = [self._processes.pop(entity_id) for entity_id in list(self._processes) if entity_id not in needed]
        for process in gone:
            process.stop(drain=True)

    def _of(self, entity: Mapping[str, Any]) -> ScoringProcess:
        if entity[ID] not in self._processes:
            self._processes[entity[ID]] = self._process(entity)
        return self._processes[entity[ID]]

    def _save(self, endpoint: Document) -> Document:
        self.state.save(endpoint)
        self._documents[str(endpoint["name"])] = endpoint
        return endpoint


def _start(process: ScoringProcess) -> str | None:
    """Start a scoring server; return why it did not start, if so."""
    try:
        process.start()
    except NotStartedError as error:
        return str(error)
    return None


def _now() -> int:
    return round(time.time() * 1000)
