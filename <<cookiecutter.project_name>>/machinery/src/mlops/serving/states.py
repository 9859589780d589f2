"""Reads the state of an endpoint: whether it is ready, how far an update is, and why one failed."""

from __future__ import annotations

from databricks.sdk.service.serving import (
    EndpointStateConfigUpdate,
    EndpointStateReady,
    ServingEndpointDetailed,
)

from ..errors import ProjectError, first_line


def updating(endpoint: ServingEndpointDetailed) -> bool:
    """Return whether an update is in progress."""
    return bool(endpoint.state and endpoint.state.config_update == EndpointStateConfigUpdate.IN_PROGRESS)


def ready(endpoint: ServingEndpointDetailed) -> bool:
    """Return whether it answers requests."""
    return bool(endpoint.state and endpoint.state.ready == EndpointStateReady.READY)


def problem(endpoint: ServingEndpointDetailed) -> str | None:
    """Return why the update ended without success, in the platform's words; None if it has not."""
    state = endpoint.state.config_update if endpoint.state else None
    if state not in {EndpointStateConfigUpdate.UPDATE_FAILED, EndpointStateConfigUpdate.UPDATE_CANCELED}:
        return None
    ended = "failed" if state == EndpointStateConfigUpdate.UPDATE_FAILED else "was cancelled"
    messages_by_state = [(deployment, message) for _, deployment, message in _entities(endpoint) if message]
    failed = [
        message
        for deployment, message in messages_by_state
        if deployment in {"DEPLOYMENT_FAILED", "DEPLOYMENT_ABORTED"}
    ]
    messages = failed or [message for _, message in messages_by_state]
    return f"the update {ended}{': ' + '; '.join(messages) if messages else ''}"


def _entities(endpoint: ServingEndpointDetailed) -> list[tuple[str, str, str]]:
    """Return name, state and message of each entity of the pending configuration, or else of the one that is served."""
    config = endpoint.pending_config or endpoint.config
    states = []
    for entity in (config.served_entities if config else None) or []:
        state = entity.state.deployment.value if entity.state and entity.state.deployment else ""
        states.append((str(entity.name), state, (entity.state.deployment_state_message or "") if entity.state else ""))
    return states


def progress(endpoint: ServingEndpointDetailed) -> str:
    """Return how far each entity of an update is, in one line."""
    states = [
        f"{name} {state.removeprefix('DEPLOYMENT_').lower() or 'starting'}{f' ({message})' if message else ''}"
        for name, state, message in _entities(endpoint)
    ]
    return ", ".join(states) or "starting"


def error_text(error: Exception) -> str:
    """Return the platform's own words; the SDK adds its settings to them."""
    text = str(error) if isinstance(error, ProjectError) else first_line(error)
    return text.partition(". Config: ")[0].rstrip(".")
