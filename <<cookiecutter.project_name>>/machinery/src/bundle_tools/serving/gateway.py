"""The process of the gateway: `python -m bundle_tools.serving.gateway`, which returns once the gateway listens.

The gateway then lives on in the background, in a session of its own, until `make serve-stop` ends it or its folder is
removed. What it writes to its output is in `gateway.log` in its folder.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn

from . import running
from .app import application
from .documents import ID
from .endpoints import Endpoints
from .listeners import listener
from .running import RUNS_ALREADY, Running, locked
from .scoring_process import ScoringProcess
from .state import State

_LOOK_SECONDS = 1.0
_GRACE_SECONDS = 5


def main() -> int:
    """Start the gateway in the background; return the exit code: 0 once it listens, 1 if its port is in use."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}.gateway", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where its state is")
    parser.add_argument("--tables", required=True, help="the folder of the local tables")
    parser.add_argument("--tracking-uri", required=True, help="the MLflow database with the models")
    parser.add_argument("--port", type=int, default=0, help="0 for any that is free")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with locked(options.folder) as is_free:
        if not is_free:
            return RUNS_ALREADY
        try:
            opened = listener(options.port)
        except OSError as error:
            print(f"port {options.port} cannot be used ({error.strerror})", file=sys.stderr)  # noqa: T201 - read by the caller
            return 1
        before = running.forget(options.folder)
        token = before.token if before else secrets.token_hex()  # clients of last time remain valid
        reading, writing = os.pipe()
        if os.fork():  # the lock belongs to the background process as well, and stays with it
            os.close(writing)
            return 0 if os.read(reading, 1) else 1
        os.close(reading)
        _detach(options.folder / "gateway.log")
        _serve(options, opened, token, writing)
    return 0


def _detach(log: Path) -> None:
    os.setsid()
    with log.open("ab") as file, Path(os.devnull).open("rb") as nothing:
        for descriptor, source in ((0, nothing), (1, file), (2, file)):
            os.dup2(source.fileno(), descriptor)


def _serve(options: argparse.Namespace, opened: socket.socket, token: str, ready: int) -> None:
    """Serve until a signal comes, then end the scoring servers."""
    folder: Path = options.folder
    temporary = folder / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    state = State(folder)
    state.create()
    environment = _environment(options.tracking_uri, options.tables, temporary)

    def process(entity: Mapping[str, Any]) -> ScoringProcess:
        uri = f"models:/{entity['entity_name']}/{entity['entity_version']}"
        return ScoringProcess(uri, environment | entity.get("environment_vars", {}), state.log_file(entity[ID]))

    endpoints = Endpoints(state, process)
    server = uvicorn.Server(
        uvicorn.Config(
            application(endpoints, token),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    Running(os.getpid(), opened.getsockname()[1], token).write(folder)
    os.write(ready, b"1")
    os.close(ready)
    Thread(target=_end_with_the_folder, args=[folder / "lock"], daemon=True).start()
    endpoints.restore()
    try:
        server.run(sockets=[opened])
    finally:
        endpoints.close()
        shutil.rmtree(temporary, ignore_errors=True)


def _environment(tracking_uri: str, tables: str, temporary: Path) -> dict[str, str]:
    """Return the environment variables of scoring servers: where models, tables and modules are."""
    source = str(Path(__file__).parents[2])
    return {
        "MLFLOW_TRACKING_URI": tracking_uri,
        "MLFLOW_REGISTRY_URI": tracking_uri,
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "SERVING_MODEL_CONFIG": json.dumps({"tables": tables}),
        "PYTHONPATH": os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")])),
        "TMPDIR": str(temporary),
    }


def _end_with_the_folder(lock: Path) -> None:
    """End this process when its folder is removed: nobody could find it again."""
    inode = lock.stat().st_ino
    while True:
        time.sleep(_LOOK_SECONDS)
        try:
            is_there = lock.stat().st_ino == inode
        except OSError:
            is_there = False
        if not is_there:
            os.kill(os.getpid(), signal.SIGTERM)
            return


if __name__ == "__main__":
    sys.exit(main())
