"""The configuration that a request asks for: entities and their shares of the traffic. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from .documents import ID, Document, RefusedError

_ALL = 100
_COMPUTE = ("workload_size", "workload_type", "scale_to_zero_enabled", "environment_vars")


def pending(endpoint: Mapping[str, Any], given: Mapping[str, Any], now: int) -> Document:
    """Return the configuration that a request asks for; entities that are served already keep their ids.

    Raises:
        RefusedError: It is not valid.
    """
    there = {entity[ID]: entity for entity in endpoint.get("config", {}).get("served_entities", [])}
    entities = [_entity(entity, now) for entity in given.get("served_entities") or []]
    names = [entity["name"] for entity in entities]
    if not entities:
        raise _invalid("The configuration has no served_entities.")
    if len(set(names)) < len(names):
        raise _invalid(f"The names of served entities must differ, but they are {', '.join(names)}.")
    for entity in entities:
        same = (known for known, served in there.items() if _same(served, entity))
        entity[ID] = next(same, uuid4().hex)
    return {
        "config_version": endpoint.get("config", {}).get("config_version", 0) + 1,
        "start_time": now,
        "served_entities": entities,
        "traffic_config": {"routes": _routes(given, names)},
    }


def _entity(given: Mapping[str, Any], now: int) -> Document:
    model, version = given.get("entity_name"), given.get("entity_version")
    if not model or not version:
        raise _invalid("A served entity needs entity_name and entity_version.")
    name = given.get("name") or f"{str(model).rpartition('.')[2]}-{version}"
    return {
        "name": name,
        "entity_name": model,
        "entity_version": str(version),
        **{key: given[key] for key in _COMPUTE if given.get(key) is not None},
        "creator": "local",
        "creation_timestamp": now,
        "state": {
            "deployment": "DEPLOYMENT_CREATING",
            "deployment_state_message": "Creating resources for served entity.",
        },
    }


def _same(entity: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two entities can be served by the same process."""
    keys = ("name", "entity_name", "entity_version", "environment_vars")
    return all(entity.get(key) == other.get(key) for key in keys)


def _routes(given: Mapping[str, Any], names: list[str]) -> list[Document]:
    routes = (given.get("traffic_config") or {}).get("routes")
    if not routes and len(names) == 1:
        routes = [{"served_entity_name": names[0], "traffic_percentage": _ALL}]
    documents = []
    for route in routes or []:
        name, share = route.get("served_entity_name") or route.get("served_model_name"), route.get("traffic_percentage")
        if name not in names:
            raise _invalid(f"The traffic_config names {name}, which is not a served entity.")
        if not isinstance(share, int) or not 0 <= share <= _ALL:
            raise _invalid(f"The traffic percentage of {name} is {share}, not a whole number from 0 to 100.")
        documents.append({"served_entity_name": name, "served_model_name": name, "traffic_percentage": share})
    total = sum(route["traffic_percentage"] for route in documents)
    if total != _ALL:
        raise _invalid(f"The traffic percentages must add up to 100, but they add up to {total}.")
    return documents


def _invalid(message: str) -> RefusedError:
    return RefusedError(400, "INVALID_PARAMETER_VALUE", message)
