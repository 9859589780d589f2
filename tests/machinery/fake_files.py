"""The files of a volume for the fake workspace, kept in a folder of this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from fake_workspace import FakeWorkspace, Reply, Request, Route, error

# The routes and their answers, as `FilesAPI` of databricks-sdk sends and reads them (databricks/sdk/service/files.py).
FILES, DIRECTORIES = "/api/2.0/fs/files", "/api/2.0/fs/directories"


class FakeFiles(FakeWorkspace):
    """A workspace whose volumes are in a folder.

    Attributes:
        folder: The folder: a file is stored at `folder/Volumes/...`.
        refused: Whether writing is refused, as without WRITE VOLUME.
    """

    def __init__(self, folder: Path, routes: Mapping[Route, Reply] | None = None) -> None:
        super().__init__(routes)
        self.folder = folder
        self.refused = False

    def answer(self, request: Request) -> tuple[int, Any, dict[str, str]]:
        """Return status, body and headers; every request that is not about files is answered as before."""
        for prefix, handle in ((FILES, self._file), (DIRECTORIES, self._directory)):
            if request.path.startswith(f"{prefix}/"):
                self.requests.append(request)
                place = self.folder / unquote(request.path.removeprefix(prefix)).strip("/")
                status, body = handle(request, place)
                return status, body, {}
        return super().answer(request)

    def _file(self, request: Request, place: Path) -> tuple[int, Any]:
        if request.method == "PUT":
            if self.refused:
                return error(403, "PERMISSION_DENIED", "User does not have WRITE VOLUME on Volume 'dev.s.artifacts'.")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(_sent(request))
            return 204, b""
        if not place.is_file():
            return error(404, "NOT_FOUND", f"The file being accessed is not found: {place.name}")
        return 200, place.read_bytes()

    def _directory(self, request: Request, place: Path) -> tuple[int, Any]:
        if not place.is_dir():
            return error(404, "NOT_FOUND", f"The directory being accessed is not found: {place.name}")
        if request.method == "HEAD":
            return 200, b""
        return 200, {"contents": [self._entry(path) for path in sorted(place.iterdir())]}

    def _entry(self, path: Path) -> dict[str, Any]:
        entry: dict[str, Any] = {"path": f"/{path.relative_to(self.folder).as_posix()}", "name": path.name}
        return entry | ({"is_directory": True} if path.is_dir() else {"file_size": path.stat().st_size})


def _sent(request: Request) -> bytes:
    """Return the bytes that were sent; those that are JSON have been read."""
    if request.body is None:
        return b""
    return request.body if isinstance(request.body, bytes) else json.dumps(request.body).encode()
