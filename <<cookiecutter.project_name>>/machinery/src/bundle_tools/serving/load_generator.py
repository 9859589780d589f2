"""Loads an endpoint with Locust, which runs in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from mlops.errors import ProjectError, first_line

from .limits import Load
from .load import Result

_END_SECONDS = 60  # for the last answers, and for the end of the process
_FILE = Path(__file__).with_name("locustfile.py")


@dataclass(frozen=True)
class Target:
    """What is loaded.

    Attributes:
        client: The client of the workspace, or of the local gateway.
        endpoint: The name of the endpoint.
        rows: Rows of requests, each as a JSON object; each request has one of them.
    """

    client: WorkspaceClient
    endpoint: str
    rows: Sequence[Mapping[str, Any]]

    @property
    def path(self) -> str:
        """The path of requests."""
        return f"/serving-endpoints/{self.endpoint}/invocations"


def locust_program(root: Path) -> str:
    """Return the path of Locust: the variable LOCUST, the environment that `make load-test` makes, or that on PATH.

    Raises:
        ProjectError: It is in none of these.
    """
    own = root / ".venv-load" / "bin" / "locust"
    program = next(filter(None, map(shutil.which, (os.environ.get("LOCUST", ""), str(own), "locust"))), None)
    if program is None:
        raise ProjectError("Locust is not installed: start the load test with make load-test, which installs it.")
    return program


def generate(target: Target, load: Load, program: str, folder: Path) -> Result:
    """Load an endpoint; return what came of each request, which is also in `requests.jsonl` in the folder.

    The first request, which may have to wait until the endpoint has started its compute, does not count.

    Raises:
        ProjectError: The first request fails, there are no rows, or Locust fails.
    """
    if not target.rows:
        raise ProjectError(f"there are no rows to ask endpoint {target.endpoint} about: give a file with rows.")
    bodies = [json.dumps({"dataframe_records": [row]}) for row in target.rows]
    _warm_up(target, json.loads(bodies[0]))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bodies.jsonl").write_text("\n".join(bodies), encoding="utf-8")
    out = folder / "requests.jsonl"
    out.unlink(missing_ok=True)
    environment = {
        "LOAD_HOST": str(target.client.config.host).rstrip("/"),
        "LOAD_PATH": target.path,
        "LOAD_HEADERS": json.dumps(dict(target.client.config.authenticate())),
        "LOAD_BODIES": str(folder / "bodies.jsonl"),
        "LOAD_OUT": str(out),
    }
    _run(_command(program, load), _surroundings() | environment, load.seconds + _END_SECONDS)
    lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    return Result(pd.DataFrame([json.loads(line) for line in lines], columns=["start", "ms", "error"]))


def _surroundings() -> dict[str, str]:
    """Return the environment without the project's modules, which Locust's environment must not see."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def _warm_up(target: Target, body: Mapping[str, Any]) -> None:
    try:
        target.client.api_client.do("POST", target.path, body=dict(body))
    except DatabricksError as error:
        reason = first_line(error).partition(": ")[2].partition(". Config: ")[0]
        raise ProjectError(f"endpoint {target.endpoint} does not answer a first request: {reason}") from None


def _command(program: str, load: Load) -> list[str]:
    users = str(load.users)
    return [
        *(program, "--locustfile", str(_FILE), "--headless", "--only-summary", "--loglevel", "WARNING"),
        *("--users", users, "--spawn-rate", users, "--run-time", f"{load.seconds}s", "--stop-timeout", "10"),
        *("--exit-code-on-error", "0"),
    ]


def _run(command: Sequence[str], environment: Mapping[str, str], seconds: float) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            command, env=environment, timeout=seconds, capture_output=True, text=True, check=False, cwd=_FILE.parent
        )
    except subprocess.TimeoutExpired:
        raise ProjectError(f"Locust did not end within {seconds:g} seconds") from None
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise ProjectError(f"Locust failed ({done.returncode}): {reason}")
