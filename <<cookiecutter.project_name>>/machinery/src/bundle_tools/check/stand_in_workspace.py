"""A server that answers the few calls that the Databricks CLI makes to validate a bundle."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

USER = "ada@example.org"


class StandInWorkspace:
    """A server on a free port of this machine, for the length of a `with` block.

    Attributes:
        user: Who the CLI is told that it is.
        unknown: The calls that it could not answer, such as `GET /api/2.0/x`; it answered 404, as a workspace does.
    """

    def __init__(self) -> None:
        self.user = USER
        self.unknown: list[str] = []
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
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, call: str, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Return the status and the body for a call."""
        folder = {"object_type": "DIRECTORY", "path": query.get("path", ""), "object_id": 1}
        person = {"id": "1", "userName": self.user, "displayName": self.user, "active": True, "groups": []}
        known: dict[str, dict[str, Any]] = {
            "GET /.well-known/databricks-config": {"oidc_endpoint": f"{self.url}/oidc", "workspace_id": "1"},
            "GET /api/2.0/preview/scim/v2/Me": person,
            "GET /api/2.0/workspace/get-status": folder,
            "POST /api/2.0/workspace/mkdirs": {},
            # The CLI compares the permissions of the bundle with those of its folder.
            "GET /api/2.0/permissions/directories/1": {"object_type": "directory"},
        }
        if call in known:
            return 200, known[call]
        self.unknown.append(call)
        return 404, {"error_code": "ENDPOINT_NOT_FOUND", "message": f"No API found for {call}"}


def _handler(workspace: StandInWorkspace) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            address = urlsplit(self.path)
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = workspace.answer(f"{self.command} {address.path}", dict(parse_qsl(address.query)))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-Databricks-Org-Id", "1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _reply  # noqa: N815 - the names of http.server

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler
