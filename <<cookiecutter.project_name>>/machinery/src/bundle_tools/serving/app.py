"""The gateway: the part of Databricks' REST interface for serving endpoints that this project uses, on one machine.

It is a stand-in, so that the code that serves models on Databricks also runs here. It shares with the platform: paths,
documents, states and errors, a process of MLflow's own scoring server for each served entity, updates without downtime,
the split of the traffic, and the payload table.

What it is not: it does not scale (one process for an entity, whatever the workload size) and never scales to zero; it
checks no permissions, which it only stores; it has no rate limits, fallbacks or route optimisation, and reads no
secrets in `environment_vars`; models run in this environment, not in a container of their own. An update with nothing
to start is in use at once, while the platform takes its time. It listens on the loopback interface only, and wants the
token that it wrote into its folder.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from . import documents, permissions
from .documents import RefusedError
from .endpoints import Endpoints
from .invocation import invoke

API = "/api/2.0/serving-endpoints"
PERMISSIONS = "/api/2.0/permissions/serving-endpoints"

Handler = Callable[[Request], Awaitable[Response]]
Call = Callable[[Request, Any], Any]


def application(endpoints: Endpoints, token: str) -> Starlette:
    """Return the application.

    Args:
        endpoints: The endpoints.
        token: What each request must have as its bearer token.
    """

    async def invocations(request: Request) -> Response:
        body, kind = await request.body(), request.headers.get("content-type", "application/json")
        path = request.path_params
        served = await run_in_threadpool(invoke, endpoints, path["name"], path.get("entity"), body, kind)
        headers = {"served-model-name": served.entity}
        return Response(served.answer.body, served.answer.status, headers, served.answer.content_type)

    control = _control(endpoints)
    routes = [Route(path, _json(call), methods=[method]) for (method, path), call in control.items()]
    routes += [
        Route("/serving-endpoints/{name}/invocations", invocations, methods=["POST"]),
        Route("/serving-endpoints/{name}/served-models/{entity}/invocations", invocations, methods=["POST"]),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(_WithToken, token=token)],
        exception_handlers={RefusedError: _refuse, 404: _unknown},
    )


def _control(endpoints: Endpoints) -> dict[tuple[str, str], Call]:
    """Return what changes and shows endpoints: a function of the request and of its JSON body for each route."""

    def name(request: Request) -> str:
        return str(request.path_params["name"])

    def logs(request: Request, _: Any) -> Any:  # noqa: ANN401 - JSON
        return {"logs": endpoints.logs(name(request), str(request.path_params["entity"]))}

    def ai_gateway(request: Request, body: Any) -> Any:  # noqa: ANN401 - JSON
        return endpoints.change(name(request), ai_gateway=body)["ai_gateway"]

    def tags(request: Request, body: Any) -> Any:  # noqa: ANN401 - JSON
        there = {tag["key"]: tag for tag in [*endpoints.get(name(request))["tags"], *(body.get("add_tags") or [])]}
        remaining = [tag for key, tag in sorted(there.items()) if key not in (body.get("delete_tags") or [])]
        return {"tags": endpoints.change(name(request), tags=remaining)["tags"]}

    def delete(request: Request, _: Any) -> Any:  # noqa: ANN401 - JSON
        endpoints.delete(name(request))
        return {}

    shown = documents.public_document
    return {
        ("GET", API): lambda _, __: {"endpoints": [shown(endpoint) for endpoint in endpoints.all()]},
        ("POST", API): lambda _, body: shown(endpoints.create(body)),
        ("GET", f"{API}/{{name}}"): lambda request, _: shown(endpoints.get(name(request))),
        ("DELETE", f"{API}/{{name}}"): delete,
        ("PUT", f"{API}/{{name}}/config"): lambda request, body: shown(endpoints.update(name(request), body)),
        ("PUT", f"{API}/{{name}}/ai-gateway"): ai_gateway,
        ("PATCH", f"{API}/{{name}}/tags"): tags,
        ("GET", f"{API}/{{name}}/served-models/{{entity}}/logs"): logs,
        ("GET", f"{API}/{{name}}/served-models/{{entity}}/build-logs"): logs,
        **permissions.routes(endpoints, PERMISSIONS),
    }


def _json(call: Call) -> Handler:
    """Return a handler that gives the call the JSON body of the request and answers with what it returns."""

    async def handle(request: Request) -> Response:
        text = await request.body()
        try:
            body = json.loads(text) if text else {}
        except ValueError as error:
            raise RefusedError(400, "MALFORMED_REQUEST", f"The body is not JSON: {error}") from None
        return JSONResponse(await run_in_threadpool(call, request, body))

    return handle


class _WithToken:
    """Refuses requests without the token: other users of the machine, and pages in a browser, can reach the port."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self.wanted = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = self.app
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not secrets.compare_digest(given, self.wanted):
                app = _error(401, "UNAUTHENTICATED", "The token is not that of the local gateway.")
        await app(scope, receive, send)


async def _refuse(_: Request, error: Exception) -> Response:
    if not isinstance(error, RefusedError):
        raise error
    return _error(error.status, error.code, str(error))


async def _unknown(request: Request, _: Exception) -> Response:
    return _error(404, "ENDPOINT_NOT_FOUND", f"No API found for '{request.method} {request.url.path}'")


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error_code": code, "message": message}, status)
