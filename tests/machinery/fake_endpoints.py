"""Databricks' serving endpoints as far as their HTTP API can be told, with states that change between requests."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from fake_workspace import FakeWorkspace, Reply, Request, Route, error

API = "/api/2.0/serving-endpoints"
VERSIONS = [str(number) for number in range(1, 10)]

Answer = Callable[[list[dict[str, Any]]], Any]


@dataclass
class FakeEndpoints:
    """One endpoint of a fake workspace.

    Attributes:
        workspace: Where the routes are.
        name: The name of the endpoint.
        polls: How often its state is asked for until an update ends.
        models: What each version answers to rows.
        broken: Why an update to a version fails, by version.
        endpoint: The endpoint as the API tells it; None if there is none.
        before_request: Called with each request before it is answered; it may raise.
    """

    workspace: FakeWorkspace
    name: str
    polls: int = 2
    models: dict[str, Answer] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    endpoint: dict[str, Any] | None = None
    permissions: list[dict[str, Any]] = field(default_factory=list)
    left: int = 0

    def __post_init__(self) -> None:
        self.workspace.routes |= self.routes()

    def routes(self) -> dict[Route, Reply]:
        """Return the routes of the endpoint."""
        own = f"{API}/{self.name}"
        ask = f"/serving-endpoints/{self.name}"
        return {
            ("POST", API): self._create,
            ("GET", own): self._get,
            ("DELETE", own): self._delete,
            ("PUT", f"{own}/config"): self._update,
            ("PUT", f"{own}/ai-gateway"): self._ai_gateway,
            ("PATCH", f"{own}/tags"): self._tags,
            ("PATCH", "/api/2.0/permissions/serving-endpoints/id-1"): self._permit,
            ("POST", f"{ask}/invocations"): self._query_all,
            **{
                ("POST", f"{ask}/served-models/v{version}/invocations"): lambda request, version=version: self._query(
                    request, version
                )
                for version in VERSIONS
            },
        }

    def shares(self) -> dict[str, int]:
        """Return the share of each version that is served now."""
        return {} if self.endpoint is None else _shares(self.endpoint["config"])

    def serve_by_hand(self, **shares: int) -> None:
        """Change the endpoint as a person does: v1=90, v2=10."""
        self.endpoint = self._told(
            {
                "served_entities": [
                    {"name": name, "entity_name": "dev.s.m", "entity_version": name[1:], "workload_size": "Small"}
                    for name in shares
                ],
                "traffic_config": {
                    "routes": [{"served_model_name": n, "traffic_percentage": p} for n, p in shares.items()]
                },
            },
        )

    def _told(self, config: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the API
        state = {"ready": "READY", "config_update": "NOT_UPDATING"}
        return {"name": self.name, "id": "id-1", "config": config, "state": state, "tags": [], **more}

    def _create(self, request: Request) -> Any:  # noqa: ANN401 - a reply
        if self.endpoint is not None:
            return error(409, "RESOURCE_ALREADY_EXISTS", f"Endpoint with name '{self.name}' already exists.")
        body = deepcopy(request.body)
        self.endpoint = self._told(body["config"], ai_gateway=body.get("ai_gateway"), tags=body.get("tags", []))
        self.endpoint["state"] = {"ready": "NOT_READY", "config_update": "IN_PROGRESS"}
        self._begin(body["config"], {"served_entities": []})
        return self.endpoint

    def _update(self, request: Request) -> Any:  # noqa: ANN401 - a reply
        if self.endpoint is None:
            return self._missing()
        if self.endpoint["state"]["config_update"] == "IN_PROGRESS":
            return error(409, "RESOURCE_CONFLICT", f"Endpoint '{self.name}' is currently being updated.")
        self._begin(deepcopy(request.body), self.endpoint["config"])
        return self.endpoint

    def _begin(self, wanted: dict[str, Any], served: dict[str, Any]) -> None:
        assert self.endpoint is not None
        self.left = self.polls
        for one in wanted["served_entities"]:
            one["state"] = {"deployment": "DEPLOYMENT_CREATING", "deployment_state_message": "Creating container"}
        self.endpoint["config"], self.endpoint["pending_config"] = served, wanted
        self.endpoint["state"]["config_update"] = "IN_PROGRESS"

    def _get(self, _: Request) -> Any:  # noqa: ANN401 - a reply
        if self.endpoint is None:
            return self._missing()
        if "pending_config" in self.endpoint and self.endpoint["state"]["config_update"] == "IN_PROGRESS":
            self.left -= 1
            if self.left <= 0:
                self._finish()
        return self.endpoint

    def _finish(self) -> None:
        assert self.endpoint is not None
        pending = self.endpoint["pending_config"]
        bad = [one for one in pending["served_entities"] if one["entity_version"] in self.broken]
        if bad:
            for one in bad:
                message = self.broken[one["entity_version"]]
                one["state"] = {"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": message}
            self.endpoint["state"]["config_update"] = "UPDATE_FAILED"
            return
        for one in pending["served_entities"]:
            one["state"] = {"deployment": "DEPLOYMENT_READY", "deployment_state_message": ""}
        self.endpoint["config"] = self.endpoint.pop("pending_config")
        self.endpoint["state"] = {"ready": "READY", "config_update": "NOT_UPDATING"}

    def _delete(self, _: Request) -> Any:  # noqa: ANN401 - a reply
        if self.endpoint is None:
            return self._missing()
        self.endpoint = None
        return {}

    def _ai_gateway(self, request: Request) -> Any:  # noqa: ANN401 - a reply
        assert self.endpoint is not None
        there = (self.endpoint.get("ai_gateway") or {}).get("inference_table_config") or {}
        wanted = request.body["inference_table_config"]
        moved = any(there.get(key) != wanted[key] for key in ("catalog_name", "schema_name", "table_name_prefix"))
        if there.get("enabled") and moved:
            return error(400, "INVALID_PARAMETER_VALUE", "Inference table must be disabled before it is changed.")
        self.endpoint["ai_gateway"] = request.body
        return request.body

    def _tags(self, request: Request) -> Any:  # noqa: ANN401 - a reply
        assert self.endpoint is not None
        tags = {tag["key"]: tag["value"] for tag in self.endpoint["tags"] + request.body.get("add_tags", [])}
        self.endpoint["tags"] = [{"key": key, "value": value} for key, value in tags.items()]
        return {"tags": self.endpoint["tags"]}

    def _permit(self, request: Request) -> Any:  # noqa: ANN401 - a reply
        self.permissions += request.body["access_control_list"]
        return {}

    def _query_all(self, request: Request) -> Any:  # noqa: ANN401 - a reply
        shares = self.shares()
        return self._query(request, max(shares, key=lambda version: shares[version])) if shares else self._missing()

    def _query(self, request: Request, version: str) -> Any:  # noqa: ANN401 - a reply
        if version not in self.shares():
            return error(404, "RESOURCE_DOES_NOT_EXIST", f"Served entity v{version} does not exist.")
        rows = request.body.get("dataframe_records")
        if rows is None:
            split = request.body["dataframe_split"]
            rows = [dict(zip(split["columns"], row, strict=True)) for row in split["data"]]
        answer = self.models[version](rows)
        return answer if isinstance(answer, tuple) else {"predictions": answer}

    def _missing(self) -> Any:  # noqa: ANN401 - a reply
        return error(404, "RESOURCE_DOES_NOT_EXIST", f"Endpoint with name '{self.name}' does not exist.")


def _shares(config: dict[str, Any]) -> dict[str, int]:
    routes = (config.get("traffic_config") or {}).get("routes", [])
    percent = {route["served_model_name"]: route["traffic_percentage"] for route in routes}
    return {one["entity_version"]: percent.get(one["name"], 0) for one in config["served_entities"]}
