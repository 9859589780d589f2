"""MLflow's own scoring server in a process that ends with the gateway.

It serves on a socket that it inherits, so no port can be taken by somebody else meanwhile. Its standard input is a pipe
from the gateway: when the gateway is gone, however it ended, the pipe is closed, and the process exits.
"""

from __future__ import annotations

import os
import sys
from threading import Thread

import uvicorn

from .listeners import inherited_socket

APP = "mlflow.pyfunc.scoring_server.app:app"


def main(descriptor: int) -> None:
    """Serve the model of the environment on the socket with this file descriptor, until the gateway ends."""
    Thread(target=_exit_with_the_gateway, daemon=True).start()
    listening = inherited_socket(descriptor)
    print(f"process {os.getpid()}, port {listening.getsockname()[1]}", flush=True)  # noqa: T201 - the log of the server
    uvicorn.Server(uvicorn.Config(APP, log_level="warning")).run(sockets=[listening])


def _exit_with_the_gateway() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
