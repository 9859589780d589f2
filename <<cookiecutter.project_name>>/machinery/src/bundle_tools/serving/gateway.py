"""The process of the gateway, which `LocalGateway` starts: it returns once the gateway listens.

The gateway then lives on in the background, in a session of its own, until `make serve-stop` ends it or its folder is
removed. What it writes to its output is in `gateway.log` in its folder.
"""

from __future__ import annotations

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
from .running import RUNS_ALREADY, Running, lock
from .scoring_process import ScoringProcess
from .state import State

_LOOK_SECONDS = 1.0
_GRACE_SECONDS = 5
_TEMPORARY = "tmp"  # in the folder


def main(folder: Path, tables: str, tracking_uri: str, port: int) -> int:
    """Start the gateway in the background.

    Args:
        folder: Where its state is.
        tables: The folder of the local tables.
        tracking_uri: The MLflow database with the models.
        port: The port to listen on; 0 for any that is free.

    Returns:
        The exit code: 0 once it listens, 1 if its port is in use.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with lock(folder) as is_free:
        if not is_free:
            return RUNS_ALREADY
        try:
            opened = listener(port)
        except OSError as error:
            print(f"port {port} cannot be used ({error.strerror})", file=sys.stderr)  # noqa: T201 - read by the caller
            return 1
        before = running.forget(folder)
        token = before.token if before else secrets.token_hex()  # clients of last time remain valid
        reading, writing = os.pipe()
        if os.fork():  # the lock belongs to the background process as well, and stays with it
            os.close(writing)
            return 0 if os.read(reading, 1) else 1
        os.close(reading)
        _detach(folder / "gateway.log")
        _serve(folder, _environment(tracking_uri, tables, folder / _TEMPORARY), opened, token, writing)
    return 0


def _detach(log: Path) -> None:
    os.setsid()
    with log.open("ab") as file, Path(os.devnull).open("rb") as nothing:
        for descriptor, source in ((0, nothing), (1, file), (2, file)):
            os.dup2(source.fileno(), descriptor)


def _serve(folder: Path, environment: Mapping[str, str], opened: socket.socket, token: str, ready: int) -> None:
    """Serve until a signal comes, then end the scoring servers, which get these environment variables."""
    temporary = folder / _TEMPORARY
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    state = State(folder)
    state.create()

    def process(entity: Mapping[str, Any]) -> ScoringProcess:
        uri = f"models:/{entity['entity_name']}/{entity['entity_version']}"
        return ScoringProcess(uri, {**environment, **entity.get("environment_vars", {})}, state.log_file(entity[ID]))

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
    """Return the environment variables of scoring servers, which run in another folder: where all they need is."""
    source, given = Path(__file__).parents[2], os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = [source, *(Path(entry) for entry in given if entry)]
    return {
        "MLFLOW_TRACKING_URI": tracking_uri,
        "MLFLOW_REGISTRY_URI": tracking_uri,
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "SERVING_MODEL_CONFIG": json.dumps({"tables": tables}),
        "PYTHONPATH": os.pathsep.join(str(path.absolute()) for path in paths),
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
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
