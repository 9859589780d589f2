"""The permissions of endpoints, which are stored and shown, but not checked: there is only one person on a laptop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request

from .documents import RefusedError
from .endpoints import Endpoints

KEY = "access_control_list"  # in the document of an endpoint
_PRINCIPALS = ("user_name", "group_name", "service_principal_name")

Entry = dict[str, str]


def routes(endpoints: Endpoints, path: str) -> dict[tuple[str, str], Callable[[Request, Any], Any]]:
    """Return what each route of the permissions API does: a function of the request and of its JSON body."""

    def get(request: Request, _: Any) -> Any:  # noqa: ANN401 - JSON
        return _public_document(_with_id(endpoints, request.path_params["id"]))

    def put(request: Request, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        name = _with_id(endpoints, request.path_params["id"])["name"]
        return _public_document(endpoints.change(name, **{KEY: list(body.get(KEY) or [])}))

    def patch(request: Request, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        endpoint = _with_id(endpoints, request.path_params["id"])
        entries = [*endpoint.get(KEY, []), *(body.get(KEY) or [])]
        newest = list({_principal(entry): entry for entry in entries}.values())
        return _public_document(endpoints.change(endpoint["name"], **{KEY: newest}))

    route = f"{path}/{{id}}"
    return {("GET", route): get, ("PUT", route): put, ("PATCH", route): patch}


def _with_id(endpoints: Endpoints, wanted: str) -> Mapping[str, Any]:
    endpoint = next((endpoint for endpoint in endpoints.all() if endpoint["id"] == wanted), None)
    if endpoint is None:
        raise RefusedError(404, "RESOURCE_DOES_NOT_EXIST", f"Serving endpoint with id '{wanted}' does not exist.")
    return endpoint


def _principal(entry: Entry) -> tuple[str, str]:
    return next((kind, entry[kind]) for kind in _PRINCIPALS if entry.get(kind))


def _public_document(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    entries = []
    for entry in endpoint.get(KEY, []):
        kind, name = _principal(entry)
        level = {"permission_level": entry["permission_level"], "inherited": False}
        entries.append({kind: name, "display_name": name, "all_permissions": [level]})
    return {"object_id": f"/serving-endpoints/{endpoint['id']}", "object_type": "serving-endpoint", KEY: entries}
