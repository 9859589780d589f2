"""A fake workspace with everything that a small bundle needs, isolated from the machine's configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bundle_tools import cli
from bundle_tools.bundle.load import load
from bundle_tools.doctor import access, diagnose
from bundle_tools.doctor.access import Visit
from bundle_tools.doctor.patience import Patience

from fake_workspace import (
    EXPORT,
    ROBOT,
    RULES,
    SCIM,
    UNITY,
    USER,
    FakeWorkspace,
    Reply,
    Route,
    error,
    granted,
    groups,
    listed,
    machine,
    person,
    queried_by,
    rules,
)

BUNDLE = """
bundle: {name: taxi, databricks_cli_version: ">= 1.2.0-0"}
variables:
  catalog: {default: prod}
  schema: {default: taxi}
  source_tables: {default: trips=samples.nyctaxi.trips}
  service_principal: {default: "${workspace.current_user.userName}"}
  ml_engineers: {default: ml-engineers}
  node_type_id: {default: m6id.2xlarge}
  spark_version: {default: 17.x-cpu-ml-scala2.13}
  warehouse_id: {default: abc123}
permissions:
  - {group_name: "${var.ml_engineers}", level: CAN_VIEW}
resources:
  schemas:
    ml:
      catalog_name: ${var.catalog}
      name: ${var.schema}
      grants:
        - {principal: "${var.service_principal}", privileges: [ALL_PRIVILEGES]}
        - {principal: account users, privileges: [USE_SCHEMA]}
  registered_models:
    model: {catalog_name: "${var.catalog}", schema_name: "${resources.schemas.ml.name}", name: fare}
  volumes:
    files: {catalog_name: "${var.catalog}", schema_name: "${resources.schemas.ml.name}", name: files}
  jobs:
    training: {name: training, environments: [{environment_key: main}]}
    scoring:
      name: scoring
      job_clusters:
        - job_cluster_key: main
          new_cluster: {node_type_id: "${var.node_type_id}", spark_version: "${var.spark_version}"}
targets:
  dev: {mode: development, default: true, workspace: {host: HOST}}
  prod:
    workspace: {host: HOST}
    variables: {service_principal: 11112222-3333-4444-5555-666677778888}
    run_as: {service_principal_name: "${var.service_principal}"}
"""


def good_routes() -> dict[Route, Reply]:
    """Return the answers of a workspace in which nothing is missing."""
    return {
        ("GET", f"{SCIM}/Me"): person(USER, "admins", "ml-engineers"),
        ("GET", f"{UNITY}/catalogs/prod"): {"name": "prod", "owner": "platform"},
        ("GET", f"{UNITY}/effective-permissions/CATALOG/prod"): granted(
            ("account users", "USE_CATALOG"), ("ml-engineers", "CREATE_SCHEMA")
        ),
        ("GET", f"{UNITY}/schemas/prod.taxi"): (404, {"error_code": "SCHEMA_DOES_NOT_EXIST", "message": "none"}),
        ("GET", f"{SCIM}/Groups"): groups("ml-engineers", "users"),
        ("GET", f"{SCIM}/ServicePrincipals"): listed(applicationId=ROBOT),
        ("GET", RULES): rules("groups/ml-engineers"),
        ("GET", f"{UNITY}/current-metastore-assignment"): {"metastore_id": "m1", "workspace_id": 1},
        ("GET", "/api/2.1/clusters/list-node-types"): {"node_types": [machine("m6id.2xlarge")]},
        ("GET", "/api/2.1/clusters/spark-versions"): {"versions": [{"key": "17.x-cpu-ml-scala2.13", "name": "18 LTS"}]},
        ("GET", "/api/2.0/sql/warehouses/abc123"): {"id": "abc123", "name": "Starter"},
        ("GET", "/api/2.0/permissions/warehouses/abc123"): queried_by(group_name="users"),
        ("GET", EXPORT): error(404, "RESOURCE_DOES_NOT_EXIST", "none"),  # neither a lock nor a state
        ("GET", f"{UNITY}/tables/samples.nyctaxi.trips"): {"name": "trips"},
    }


# The pauses before the SDK's retries take no time.
QUICK = Patience(pause=0.01)

InstallCli = Callable[..., None]
Doctor = Callable[..., tuple[int, list[str]]]


@pytest.fixture(autouse=True)
def install_cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> InstallCli:
    """Remove all settings of the machine, and put a fake Databricks CLI, initially 1.3.0, on the PATH."""
    for name in list(os.environ):
        if name.startswith(("DATABRICKS_", "BUNDLE_VAR_", "ARM_", "GOOGLE_", "AZURE_", "GITHUB_", "ACTIONS_")) or (
            name in {"CI", "TF_BUILD"}
        ):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    git = shutil.which("git")
    assert git is not None
    (home / "git").symlink_to(git)
    (tmp_path / ".gitignore").write_text("*\n")
    subprocess.run([git, "init", "--quiet", str(tmp_path)], check=True)
    (home / "profiles").touch()
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(home / "profiles"))
    monkeypatch.setenv("DATABRICKS_TOKEN", "secret-token")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("PATH", str(home))
    monkeypatch.setenv("HOME", str(home))

    def install(*lines: str) -> None:
        (home / "databricks").write_text("\n".join(["#!/bin/sh", *lines, ""]))
        (home / "databricks").chmod(0o755)

    install("echo Databricks CLI v1.3.0")
    return install


@pytest.fixture
def workspace() -> Iterator[FakeWorkspace]:
    """A workspace in which nothing is missing; a request for an unknown route fails the test."""
    with FakeWorkspace(good_routes()) as fake:
        yield fake
    assert fake.unknown == []


@pytest.fixture
def doctor(
    workspace: FakeWorkspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Doctor:
    """Run the command line on the bundle above with `changes` applied, and return the exit code and the lines."""

    def run(*words: str, changes: dict[str, str] | None = None, patience: Patience = QUICK) -> tuple[int, list[str]]:
        write_bundle(tmp_path, workspace.url, changes)
        monkeypatch.setattr(diagnose, "PATIENCE", patience)
        code = cli.run(["doctor", "--root", str(tmp_path), *(words or ["prod"])])
        return code, capsys.readouterr().out.splitlines()

    return run


@pytest.fixture
def visit(workspace: FakeWorkspace, tmp_path: Path) -> Visit:
    """A visit to the fake workspace with the real SDK, for single checks."""
    write_bundle(tmp_path, workspace.url)
    bundle = load(tmp_path, "prod", user=USER)
    client = access.login(bundle, QUICK)
    return Visit(client, bundle, access.who_am_i(client))


def write_bundle(root: Path, host: str, changes: dict[str, str] | None = None) -> None:
    """Write the bundle, with each key of `changes` replaced by its value."""
    text = BUNDLE
    for old, new in (changes or {}).items():
        assert old in text
        text = text.replace(old, new)
    (root / "databricks.yml").write_text(text.replace("HOST", host))
