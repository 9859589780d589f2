"""A Databricks workspace as far as its HTTP API can be told: the edge at which tests stand in for the platform."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

Route = tuple[str, str]
ACCOUNT_ID = "0d26daa6-5e44-4c97-a497-ef015f91254a"
WORKSPACE_ID = "900800700600"
USER = "ada@example.org"
ROBOT = "11112222-3333-4444-5555-666677778888"
UNITY = "/api/2.1/unity-catalog"
SCIM = "/api/2.0/preview/scim/v2"
EXPORT = "/api/2.0/workspace/export"
RULES = "/api/2.0/preview/accounts/access-control/rule-sets"


@dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


# What a route answers: a JSON body, (status, body), (status, body, headers), or a function that gives one of these.
Reply = Any | Callable[[Request], Any]


def error(status: int, code: str, message: str) -> tuple[int, dict[str, str]]:
    """Return a reply as the platform words its errors."""
    return status, {"error_code": code, "message": message}


def person(name: str, *groups: str) -> dict[str, Any]:
    """Return the answer of the SCIM API about the caller."""
    return {
        "id": "4711",
        "userName": name,
        "displayName": name,
        "active": True,
        "groups": [{"display": group, "value": group, "type": "direct"} for group in groups],
    }


def granted(*grants: tuple[str, str], page: str | None = None) -> dict[str, Any]:
    """Return a page of effective permissions: principal and privilege."""
    assignments = [{"principal": who, "privileges": [{"privilege": what}]} for who, what in grants]
    return {"privilege_assignments": assignments, **({"next_page_token": page} if page else {})}


def listed(**resource: str) -> Callable[[Request], dict[str, Any]]:
    """Return a SCIM list with one entry, which starts and ends on the first page and has the attributes asked for."""

    def page(request: Request) -> dict[str, Any]:
        entry = {"id": "4712", **resource}
        wanted = request.query.get("attributes", ",".join(entry)).split(",")
        found = {name: value for name, value in entry.items() if name in wanted}
        return {"Resources": [found] if request.query["startIndex"] == "1" else []}

    return page


def groups(*names: str, **entitlements: list[str]) -> Callable[[Request], dict[str, Any]]:
    """Return the SCIM list of account groups with these names, for filters by name, and the entitlements of some."""

    def page(request: Request) -> dict[str, Any]:
        name = request.query["filter"].removeprefix('displayName eq "').removesuffix('"')
        held = [{"value": one} for one in entitlements.get(name, [])]
        known = {"id": f"g-{name}", "displayName": name, "entitlements": held, "meta": {"resourceType": "Group"}}
        fields = request.query.get("attributes", ",".join(known)).split(",")
        entry = {field: value for field, value in known.items() if field in fields}
        return {"Resources": [entry] if name in names and request.query["startIndex"] == "1" else []}

    return page


def queried_by(level: str = "CAN_USE", **holder: str) -> dict[str, Any]:
    """Return the access control list of a SQL warehouse with one entry.

    Source: https://docs.databricks.com/api/workspace/warehouses/getpermissions
    """
    entry = {**holder, "all_permissions": [{"permission_level": level, "inherited": False}]}
    return {"object_id": "/sql/warehouses/abc123", "object_type": "warehouses", "access_control_list": [entry]}


def rules(*principals: str, role: str = "roles/servicePrincipal.user") -> dict[str, Any]:
    """Return a rule set of a service principal."""
    return {"name": "x", "etag": "x", "grant_rules": [{"role": role, "principals": list(principals)}]}


def machine(name: str, **facts: object) -> dict[str, Any]:
    """Return a node type."""
    sizes = {"memory_mb": 16384, "num_cores": 4, "description": name, "instance_type_id": name, "category": "General"}
    return {"node_type_id": name, **sizes, **facts}


def entry_routes() -> dict[Route, Reply]:
    """Return what every client asks first: the host's metadata, who it is, and the folder of a bundle."""
    return {
        ("GET", "/.well-known/databricks-config"): lambda request: {
            "oidc_endpoint": f"http://{request.headers['host']}/oidc",
            "account_id": ACCOUNT_ID,
            "workspace_id": WORKSPACE_ID,
        },
        ("GET", f"{SCIM}/Me"): person(USER),
        ("GET", "/api/2.0/workspace/get-status"): lambda request: {
            "object_type": "DIRECTORY",
            "path": request.query["path"],
            "object_id": 1,
        },
        ("POST", "/api/2.0/workspace/mkdirs"): {},
    }


class FakeWorkspace:
    """A server on a free port of this machine, for the length of a `with` block.

    Attributes:
        routes: The replies by method and path; a test changes them as it likes, also while the server runs.
        delays: Seconds to wait before the reply, by method and path.
        requests: What was asked, in order.
        unknown: The requests for which there was no route; they were answered as the platform does, with 404.
    """

    def __init__(self, routes: Mapping[Route, Reply] | None = None) -> None:
        self.routes: dict[Route, Reply] = {**entry_routes(), **(routes or {})}
        self.delays: dict[Route, float] = {}
        self.requests: list[Request] = []
        self.unknown: list[Request] = []
        self._closing = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """The address of the workspace."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()  # wakes the replies that are delayed
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def asked(self, path: str) -> list[Request]:
        """Return the requests for a path."""
        return [request for request in self.requests if request.path == path]

    def answer(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        """Return status, body and headers for a request."""
        self.requests.append(request)
        route = (request.method, request.path)
        self._closing.wait(self.delays.get(route, 0))
        if route not in self.routes:
            self.unknown.append(request)
        reply = self.routes.get(route, error(404, "ENDPOINT_NOT_FOUND", f"No API found for {' '.join(route)}"))
        if callable(reply):
            reply = reply(request)
        status, body, *headers = reply if isinstance(reply, tuple) else (200, reply)
        return status, body, {"X-Databricks-Org-Id": WORKSPACE_ID, **(headers[0] if headers else {})}


def _handler(workspace: FakeWorkspace) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            address = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(address.query, keep_blank_values=True))
            request = Request(self.command, address.path, query, headers, _json(sent))
            status, body, extra = workspace.answer(request)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            try:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **extra}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)
            except OSError:  # whoever asked did not wait
                self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _reply  # noqa: N815 - the names of http.server

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


def _json(sent: bytes) -> object:
    try:
        return json.loads(sent) if sent else None
    except ValueError:
        return sent
