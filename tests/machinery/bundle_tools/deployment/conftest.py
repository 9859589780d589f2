"""A small bundle in a git repository, and two workspaces.

One has a Databricks CLI that records how it is called; the other's remembers what it has deployed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from fake_workspace import EXPORT, SCIM, UNITY, FakeWorkspace, error, person

from .fake_cli import PROGRAM, FakeCli
from .fake_deployments import FakeDeployments

SP = "22222222-aaaa-2222-2222-222222222222"
BUNDLE = """
bundle: {name: taxi}
variables:
  catalog: {default: none}
  schema: {default: taxi}
  name_prefix: {default: ""}
  snapshot_catalog: {default: dev}
resources:
  schemas:
    ml: {catalog_name: "${var.catalog}", name: "${var.name_prefix}${var.schema}"}
  registered_models:
    model: {catalog_name: "${var.catalog}", schema_name: "${resources.schemas.ml.name}", name: fare}
  jobs:
    lifecycle: {name: "${var.name_prefix}lifecycle", tags: {git_commit: "${bundle.git.commit}"}, tasks: []}
    snapshot:
      name: "${var.name_prefix}snapshot"
      tasks:
        - task_key: snapshot
          python_wheel_task:
            package_name: taxi
            entry_point: snapshot
            named_parameters:
              snapshot_schema: ${var.snapshot_catalog}.${var.name_prefix}${var.schema}_snapshot
targets:
  dev: {mode: development, default: true, workspace: {host: HOST}}
  staging:
    workspace: {host: HOST, root_path: "/Workspace/Users/sp/.bundle/taxi/${var.name_prefix}${bundle.target}"}
    variables: {catalog: staging}
    run_as: {service_principal_name: SP}
  prod:
    mode: production
    git: {branch: release}
    workspace: {host: HOST, root_path: /Workspace/Users/sp/.bundle/taxi/prod}
    variables: {catalog: prod}
    run_as: {service_principal_name: SP}
""".replace("SP}", f"{SP}}}")
MORE = """
  experiments:
    training_runs: {name: "/Users/sp/${var.name_prefix}taxi-${bundle.target}"}
  volumes:
    artifacts: {catalog_name: "${var.catalog}", schema_name: "${resources.schemas.ml.name}", name: artifacts}
  alerts:
    drift: {display_name: "${var.name_prefix}taxi-drift", query_text: SELECT 1}
  dashboards:
    monitoring: {display_name: "${var.name_prefix}taxi-monitoring", file_path: monitoring.lvdash.json}
"""

# Writes down its arguments and what it would log in with; answers `bundle summary`; fails where a file says so.
CLI = """#!/bin/sh
echo "$* [$PWD] $DATABRICKS_AUTH_TYPE $DATABRICKS_CLIENT_ID $DATABRICKS_BUNDLE_TMP" >> "HERE/calls"
if [ -e "HERE/fail-$2" ]; then rm "HERE/fail-$2"; exit 3; fi
if [ "$2" = summary ]; then cat "HERE/summary.json"; fi
if [ "$2" = plan ]; then echo '{"plan": {"resources.jobs.lifecycle": {"action": "create"}}}'; fi
"""
SCHEMAS = f"{UNITY}/schemas"


@dataclass
class Place:
    """The bundle's folder, the workspace, and the calls of the CLI."""

    root: Path
    workspace: FakeWorkspace
    tools: Path

    def calls(self) -> list[str]:
        """The arguments of each call of the CLI, without `bundle`."""
        file = self.tools / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        return [line.partition(" [")[0].removeprefix("bundle ") for line in lines]

    def lines(self) -> list[str]:
        return (self.tools / "calls").read_text().splitlines()

    def deployed(self, **ids: int) -> None:
        jobs = {key: {"id": str(number)} for key, number in ids.items()}
        (self.tools / "summary.json").write_text(json.dumps({"resources": {"jobs": jobs}}))

    def failing(self, verb: str) -> None:
        (self.tools / f"fail-{verb}").touch()

    def git(self, *words: str) -> str:
        person = {f"GIT_{role}_{what}": "ada" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = {**os.environ, **person, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-C", str(self.root), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self) -> str:
        """Commit everything and return the commit."""
        if not (self.root / ".git").exists():
            self.git("init", "--quiet", "--initial-branch=release")
            self.git("init", "--quiet", "--bare", str(self.tools / "remote"))
            self.git("remote", "add", "origin", str(self.tools / "remote"))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=state")
        return self.git("rev-parse", "HEAD")

    def release(self) -> str:
        """Commit everything, push it to the release branch, and return the commit."""
        commit = self.commit()
        self.git("push", "--quiet", "origin", "HEAD:release")
        return commit


@dataclass
class World(Place):
    """A place whose CLI remembers what it has deployed."""

    workspace: FakeDeployments

    @property
    def cli(self) -> FakeCli:
        return self.workspace.cli

    def edit(self, old: str, new: str) -> None:
        """Change the bundle."""
        file = self.root / "databricks.yml"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def verbs(self) -> list[str]:
        """What the CLI was called for, without its questions."""
        return [call.split()[0] for call in self.cli.calls if call.split()[0] in {"deploy", "destroy"}]


@pytest.fixture
def workspace() -> Iterator[FakeWorkspace]:
    """A workspace in which a deployment with a prefix has been destroyed, and which knows the service principal."""
    gone = error(404, "SCHEMA_DOES_NOT_EXIST", "none")
    nothing = error(404, "RESOURCE_DOES_NOT_EXIST", "none")
    routes: dict[tuple[str, str], Any] = {
        ("GET", f"{SCIM}/Me"): person(SP),
        ("GET", "/api/2.0/serving-endpoints"): {},
        ("GET", "/api/2.2/jobs/runs/list"): {},
        ("GET", "/api/2.2/jobs/list"): {},
        ("GET", "/api/2.0/alerts"): {},
        ("GET", "/api/2.0/lakeview/dashboards"): {},
        ("GET", EXPORT): nothing,
        ("GET", "/api/2.0/workspace/list"): nothing,
        ("GET", "/api/2.0/workspace/get-status"): nothing,
        ("GET", SCHEMAS): {},
        ("GET", f"{SCHEMAS}/staging.taxi"): gone,
        ("GET", f"{UNITY}/models/staging.taxi.fare"): nothing,
        ("GET", f"{SCHEMAS}/staging.pr12_taxi"): gone,
        ("GET", f"{SCHEMAS}/staging.pr12_taxi_snapshot"): gone,
        ("DELETE", f"{SCHEMAS}/staging.pr12_taxi_snapshot"): gone,
    }
    with FakeWorkspace(routes) as fake:
        yield fake
    assert fake.unknown == []


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """Forget the login that a deployment puts into the environment."""
    with patch.dict(os.environ):
        yield


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the CLI, on the PATH of an environment with no other login than a token."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in list(os.environ):
        if name.startswith(("DATABRICKS_", "BUNDLE_VAR_", "GITHUB_", "ACTIONS_", "SYSTEM_", "AZURE")) or (
            name in {"CI", "TF_BUILD"}
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("DATABRICKS_TOKEN", "secret-token")
    monkeypatch.setenv("DATABRICKS_RATE_LIMIT", "1000")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    git = shutil.which("git")
    assert git is not None
    monkeypatch.setenv("PATH", f"{folder}:{Path(git).parent}:/usr/bin:/bin")
    return folder


@pytest.fixture
def place(workspace: FakeWorkspace, tools: Path, tmp_path: Path) -> Place:
    root = tmp_path / "project"
    root.mkdir()
    (tools / "databricks").write_text(CLI.replace("HERE", str(tools)))
    (tools / "databricks").chmod(0o755)
    (root / "databricks.yml").write_text(BUNDLE.replace("HOST", workspace.url))
    found = Place(root, workspace, tools)
    found.deployed()
    return found


@pytest.fixture
def world(tools: Path, tmp_path: Path) -> Iterator[World]:
    """A released bundle with resources of every kind, which is not deployed yet."""
    root = tmp_path / "project"
    root.mkdir()
    with FakeDeployments(SP) as workspace:
        (tools / "databricks").write_text(PROGRAM.replace("PYTHON", sys.executable).replace("URL", workspace.url))
        (tools / "databricks").chmod(0o755)
        text = BUNDLE.replace("HOST", workspace.url).replace("  jobs:\n", f"{MORE}  jobs:\n", 1)
        (root / "databricks.yml").write_text(text)
        (root / ".gitignore").write_text(".databricks/\n")
        found = World(root, workspace, tools)
        found.release()
        yield found
    assert workspace.unknown == []
