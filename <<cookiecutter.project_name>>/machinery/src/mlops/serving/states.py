"""Reads the state of an endpoint: whether it is ready, how far an update is, and why one failed."""

from __future__ import annotations

from databricks.sdk.service.serving import (
    EndpointStateConfigUpdate,
    EndpointStateReady,
    ServingEndpointDetailed,
)

from ..errors import ProjectError, first_line


def updating(found: ServingEndpointDetailed) -> bool:
    """Return whether an update is in progress."""
    return bool(found.state and found.state.config_update == EndpointStateConfigUpdate.IN_PROGRESS)


def ready(found: ServingEndpointDetailed) -> bool:
    """Return whether it answers requests."""
    return bool(found.state and found.state.ready == EndpointStateReady.READY)


def problem(found: ServingEndpointDetailed) -> str | None:
    """Return why the update ended without success, in the platform's words; None if it has not."""
    state = found.state.config_update if found.state else None
    if state not in {EndpointStateConfigUpdate.UPDATE_FAILED, EndpointStateConfigUpdate.UPDATE_CANCELED}:
        return None
    ended = "failed" if state == EndpointStateConfigUpdate.UPDATE_FAILED else "was cancelled"
    told = [(deployment, message) for _, deployment, message in _entities(found) if message]
    failed = [message for deployment, message in told if deployment in {"DEPLOYMENT_FAILED", "DEPLOYMENT_ABORTED"}]
    messages = failed or [message for _, message in told]
    return f"the update {ended}{': ' + '; '.join(messages) if messages else ''}"


def _entities(found: ServingEndpointDetailed) -> list[tuple[str, str, str]]:
    """Return name, state and message of each entity of the pending configuration, or else of the one that is served."""
    config = found.pending_config or found.config
    told = []
    for one in (config.served_entities if config else None) or []:
        state = one.state.deployment.value if one.state and one.state.deployment else ""
        told.append((str(one.name), state, (one.state.deployment_state_message or "") if one.state else ""))
    return told


def progress(found: ServingEndpointDetailed) -> str:
    """Return how far each entity of an update is, in one line."""
    states = [
        f"{name} {state.removeprefix('DEPLOYMENT_').lower() or 'starting'}{f' ({message})' if message else ''}"
        for name, state, message in _entities(found)
    ]
    return ", ".join(states) or "starting"


def told(error: Exception) -> str:
    """Return the platform's own words; the SDK adds its settings to them."""
    text = str(error) if isinstance(error, ProjectError) else first_line(error)
    return text.partition(". Config: ")[0].rstrip(".")
