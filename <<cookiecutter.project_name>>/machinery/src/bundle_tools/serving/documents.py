"""What endpoints look like in the REST interface of Databricks. Pure: documents in, documents or a refusal out.

Names and states are those of `databricks.sdk.service.serving`: a new configuration is `pending_config` until all of its
entities serve, and is then `config`. An entity also has its id here, which is only shown in the payload table.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

Document = dict[str, Any]

ID = "served_entity_id"


class RefusedError(Exception):
    """A request that the platform refuses."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def missing(name: str) -> RefusedError:
    """Return the refusal of a request for an endpoint that does not exist."""
    return RefusedError(404, "RESOURCE_DOES_NOT_EXIST", f"The endpoint with name '{name}' does not exist.")


def new(name: str, given: Mapping[str, Any], now: int) -> Document:
    """Return the document of a new endpoint, which serves nothing yet.

    Args:
        name: Its name.
        given: The body of the request.
        now: Milliseconds since 1970.
    """
    kept = {key: given[key] for key in ("ai_gateway", "description", "route_optimized") if given.get(key) is not None}
    return {
        "name": name,
        "id": uuid4().hex,
        "creator": "local",
        "creation_timestamp": now,
        "last_updated_timestamp": now,
        "permission_level": "CAN_MANAGE",
        "state": {"ready": "NOT_READY", "config_update": "NOT_UPDATING"},
        "tags": list(given.get("tags") or []),
        **kept,
    }


def in_use(endpoint: Mapping[str, Any], config: Mapping[str, Any], now: int) -> Document:
    """Return the endpoint after all entities of this configuration have become ready."""
    config = {key: value for key, value in config.items() if key != "start_time"}
    for entity in config["served_entities"]:
        entity["state"] = {"deployment": "DEPLOYMENT_READY", "deployment_state_message": ""}
    changed = {"config": config, "state": {"ready": "READY", "config_update": "NOT_UPDATING"}}
    return {key: value for key, value in endpoint.items() if key != "pending_config"} | changed | _at(now)


def with_failure(endpoint: Mapping[str, Any], messages: Mapping[str, str], now: int) -> Document:
    """Return the endpoint after an update failed: what served before still serves.

    Args:
        endpoint: The endpoint, with the configuration that failed.
        messages: Why each entity that failed did, by its id.
        now: Milliseconds since 1970.
    """
    document = copy.deepcopy(dict(endpoint))
    for entity in document["pending_config"]["served_entities"]:
        if entity[ID] in messages:
            entity["state"] = {"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": messages[entity[ID]]}
        elif entity["state"]["deployment"] == "DEPLOYMENT_CREATING":
            text = "Another served entity failed."
            entity["state"] = {"deployment": "DEPLOYMENT_ABORTED", "deployment_state_message": text}
    return document | {"state": document["state"] | {"config_update": "UPDATE_FAILED"}} | _at(now)


def updating(endpoint: Mapping[str, Any], config: Document, now: int) -> Document:
    """Return the endpoint with the configuration that it is to get."""
    state = dict(endpoint["state"]) | {"config_update": "IN_PROGRESS"}
    return dict(endpoint) | {"pending_config": config, "state": state} | _at(now)


def is_updating(endpoint: Mapping[str, Any]) -> bool:
    """Return whether an update is in progress."""
    return bool(endpoint["state"]["config_update"] == "IN_PROGRESS")


def public_document(endpoint: Mapping[str, Any]) -> Document:
    """Return the endpoint as the REST interface shows it."""
    document = copy.deepcopy({key: value for key, value in endpoint.items() if key != "access_control_list"})
    for config in (document.get("config"), document.get("pending_config")):
        for entity in (config or {}).get("served_entities", []):
            entity.pop(ID)
    return document


def payload_table(endpoint: Mapping[str, Any]) -> str | None:
    """Return the three-level name of the table of requests and responses, or None if none is kept."""
    config = (endpoint.get("ai_gateway") or {}).get("inference_table_config") or {}
    if not config.get("enabled"):
        return None
    prefix = config.get("table_name_prefix") or endpoint["name"]
    return f"{config['catalog_name']}.{config['schema_name']}.{prefix}_payload"


def _at(now: int) -> Document:
    return {"last_updated_timestamp": now}
