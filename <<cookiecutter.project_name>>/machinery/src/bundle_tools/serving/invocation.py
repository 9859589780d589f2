"""Answers requests for predictions: chooses the entity by its share of the traffic, asks it, and keeps the payload."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from urllib3.exceptions import HTTPError

from . import documents
from .documents import ID, Document, RefusedError
from .endpoints import Endpoints
from .scoring_process import Answer, NotStartedError

_MOST_BYTES = 2**20  # of a request or a response in an inference table


@dataclass(frozen=True)
class Served:
    """An answer and the name of the entity that gave it."""

    answer: Answer
    entity: str


def invoke(endpoints: Endpoints, name: str, only: str | None, body: bytes, content_type: str) -> Served:
    """Return the answer of an entity of an endpoint.

    Args:
        endpoints: All endpoints.
        name: The endpoint.
        only: The entity to ask; None to choose one at random by the shares of the traffic, anew for each request.
        body: The body of the request.
        content_type: Its type.

    Raises:
        RefusedError: There is no such endpoint or entity, it serves nothing yet, or its scoring server does not answer.
    """
    received = datetime.now(UTC)
    with endpoints.chosen(name, lambda endpoint: _chosen(endpoint, only)) as (endpoint, entity, process):
        start = time.perf_counter()
        try:
            answer = process.ask(body, content_type)
        except (NotStartedError, HTTPError) as error:
            message = f"The served entity {entity['name']} of '{name}' does not answer: {error}"
            raise RefusedError(502, "BAD_GATEWAY", message) from None
        taken = round((time.perf_counter() - start) * 1000)
    table = documents.payload_table(endpoint)
    if table is not None:
        endpoints.state.log(table, _row(received, taken, entity, body, answer))
    return Served(answer, str(entity["name"]))


def _chosen(endpoint: Document, only: str | None) -> Mapping[str, Any]:
    config = endpoint.get("config")
    if config is None:
        raise RefusedError(400, "BAD_REQUEST", f"The endpoint '{endpoint['name']}' is not ready.")
    entities = {entity["name"]: entity for entity in config["served_entities"]}
    if only is None:
        routes = config["traffic_config"]["routes"]
        shares = [route["traffic_percentage"] for route in routes]
        (only,) = random.choices([route["served_entity_name"] for route in routes], shares)  # noqa: S311 - no secret
    if only not in entities:
        message = f"The endpoint '{endpoint['name']}' has no served entity with the name '{only}'."
        raise RefusedError(404, "RESOURCE_DOES_NOT_EXIST", message)
    entity: Mapping[str, Any] = entities[only]
    return entity


def _row(received: datetime, taken: int, entity: Mapping[str, Any], body: bytes, answer: Answer) -> dict[str, Any]:
    """Return a row of the payload table; times are in microseconds since 1970."""
    errors = []
    if len(body) > _MOST_BYTES:
        errors.append("MAX_REQUEST_SIZE_EXCEEDED")
    if len(answer.body) > _MOST_BYTES:
        errors.append("MAX_RESPONSE_SIZE_EXCEEDED")
    return {
        "databricks_request_id": str(uuid4()),
        "client_request_id": _client_request_id(body),
        "request_time": round(received.timestamp() * 1_000_000),
        "status_code": answer.status,
        "sampling_fraction": 1.0,
        "execution_duration_ms": taken,
        "request": body.decode("utf-8", "replace") if len(body) <= _MOST_BYTES else None,
        "response": answer.body.decode("utf-8", "replace") if len(answer.body) <= _MOST_BYTES else None,
        "logging_error_codes": errors,
        "served_entity_id": entity[ID],
        "requester": "local",
    }


def _client_request_id(body: bytes) -> str | None:
    if b'"client_request_id"' not in body:
        return None
    try:
        given = json.loads(body).get("client_request_id")
    except (ValueError, AttributeError):
        return None
    return None if given is None else str(given)
