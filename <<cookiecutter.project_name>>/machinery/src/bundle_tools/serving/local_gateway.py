"""The gateway as a run on the same machine uses it: found or started, with a client of the vendor's own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops.errors import ProjectError

from . import running
from .listeners import LOOPBACK
from .running import RUNS_ALREADY, Running
from .state import State

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from ..workspace.workspace import Workspace

_RETRY_SECONDS = (
    30  # the SDK's five minutes are for a workspace; a gateway on this machine does not come back by itself
)


@dataclass(frozen=True)
class LocalGateway:
    """The gateway of a local workspace.

    Attributes:
        folder: Where the state of the gateway is.
        tables: The folder of the local tables.
        tracking_uri: The MLflow database with the models.
        port: The port to listen on; None for the one of last time, or else any that is free.
    """

    folder: Path
    tables: Path
    tracking_uri: str
    port: int | None = None

    def client(self) -> WorkspaceClient:
        """Return a client of the gateway, which is started if it does not run.

        Raises:
            ProjectError: It cannot be started, or it runs on another port than the one asked for.
        """
        from databricks.sdk import WorkspaceClient  # noqa: PLC0415 - takes most of a second
        from databricks.sdk.core import Config  # noqa: PLC0415 - likewise

        gateway = self.start()
        _go_around_proxies()
        return WorkspaceClient(
            config=Config(
                host=f"http://{LOOPBACK}:{gateway.port}",
                token=gateway.token,
                auth_type="pat",
                retry_timeout_seconds=_RETRY_SECONDS,
            )
        )

    @classmethod
    def of(cls, workspace: Workspace, port: int | None = None) -> LocalGateway:
        """Return the gateway of a local workspace."""
        return cls(workspace.serving, workspace.tables, workspace.tracking_uri, port)

    @property
    def state(self) -> State:
        """What the gateway has saved."""
        return State(self.folder)

    @property
    def url(self) -> str | None:
        """The address of the gateway; None if it does not run or has no endpoint."""
        gateway = running.find(self.folder) if self.state.endpoints() else None
        return None if gateway is None else f"http://{LOOPBACK}:{gateway.port}"

    def served_entities(self) -> list[tuple[str, str]]:
        """Return the id and the model version of each entity that was ever served."""
        return self.state.served_entities()

    def start(self) -> Running:
        """Return the gateway, which is started if it does not run.

        Raises:
            ProjectError: As `client`.
        """
        gateway = running.find(self.folder) or self._start()
        if self.port is not None and gateway.port != self.port:
            raise ProjectError(
                f"the local endpoint already runs on port {gateway.port}: leave PORT out, or run make serve-stop first."
            )
        return gateway

    def _start(self) -> Running:
        before = running.last(self.folder)
        ports = [self.port] if self.port is not None else [*([before.port] if before else []), 0]
        for port in ports:
            done = self._run(port)
            gateway = running.find(self.folder) if done.returncode in {0, RUNS_ALREADY} else None
            if gateway is not None:
                return gateway
        reason = (done.stderr.strip() or "the process ended").splitlines()[-1]
        raise ProjectError(
            f"the local endpoint does not start: {reason}; give another PORT, or leave it out for one that is free."
            if self.port is not None
            else f"the local endpoint does not start: {reason}; more may be in {self.folder / 'gateway.log'}."
        )

    def _run(self, port: int) -> subprocess.CompletedProcess[str]:
        source = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")]))
        return subprocess.run(  # noqa: S603 - a fixed command
            [
                *(sys.executable, "-m", f"{__package__}.gateway"),
                *(str(self.folder.resolve()), str(self.tables.resolve()), self.tracking_uri, str(port)),
            ],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def _go_around_proxies() -> None:
    """Keep a proxy of the environment from getting requests to this machine."""
    for name in ("NO_PROXY", "no_proxy"):
        known = os.environ.get(name, "")
        if LOOPBACK not in known.split(","):
            os.environ[name] = ",".join(filter(None, [known, LOOPBACK]))
