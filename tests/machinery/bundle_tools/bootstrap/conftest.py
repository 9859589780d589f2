"""A bundle with three targets, and an account and a workspace in which nothing is set up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bundle_tools import cli
from bundle_tools.bootstrap import bootstrap as bootstrapping
from bundle_tools.doctor import account, diagnose
from bundle_tools.doctor.patience import Patience

from fake_tenant import FakeTenant

PLACEHOLDER = "22222222-2222-2222-2222-222222222222"
BUNDLE = f"""
bundle: {{name: taxi}}
variables:
  catalog: {{description: Catalog.}}
  source_tables: {{default: "trips=samples.nyctaxi.trips zones=lake.geo.zones"}}
  service_principal: {{default: "${{workspace.current_user.userName}}"}}
  data_scientists: {{default: data scientists}}
  ml_engineers: {{default: ml-engineers}}
  snapshot_catalog: {{default: dev}}
  warehouse_id: {{lookup: {{warehouse: taxi}}}}
resources:
  schemas:
    ml:
      catalog_name: ${{var.catalog}}
      name: taxi
      grants:
        - {{principal: "${{var.service_principal}}", privileges: [ALL_PRIVILEGES]}}
        - {{principal: "${{var.data_scientists}}", privileges: [USE_SCHEMA, SELECT]}}
  alerts:
    drift: {{display_name: drift, warehouse_id: "${{var.warehouse_id}}"}}
  jobs:
    snapshot:
      name: snapshot
      environments: [{{environment_key: main}}]
      tasks:
        - task_key: snapshot
          python_wheel_task:
            named_parameters: {{snapshot_schema: "${{var.snapshot_catalog}}.taxi_snapshot"}}
targets:
  dev: {{mode: development, default: true, workspace: {{host: HOST}}, variables: {{catalog: dev}}}}
  staging:
    workspace: {{host: HOST}}
    variables: {{catalog: staging, service_principal: {PLACEHOLDER}}}
    run_as: {{service_principal_name: "${{var.service_principal}}"}}
    permissions:
      - {{level: CAN_MANAGE, service_principal_name: "${{var.service_principal}}"}}
      - {{level: CAN_MANAGE, group_name: "${{var.ml_engineers}}"}}
      - {{level: CAN_VIEW, group_name: "${{var.data_scientists}}"}}
"""
POLICY = {
    "issuer": "https://token.actions.githubusercontent.com",
    "audiences": ["taxi-staging"],
    "subject": "repo:acme/taxi:environment:taxi-staging",
    "subject_claim": "sub",
}
QUICK = Patience(retries=2, pause=0.01)

Bootstrap = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def tenant() -> Iterator[FakeTenant]:
    """An account with a workspace, in which only the tables of the lake exist; an unknown request fails the test."""
    with FakeTenant() as fake:
        fake.securables.update({("catalogs", "lake"), ("schemas", "lake.geo"), ("tables", "lake.geo.zones")})
        fake.securables.update({("tables", "samples.nyctaxi.trips")})
        fake.entitlements["1"] = {"workspace-access"}  # of all users
        yield fake
    assert fake.unknown == []


@pytest.fixture
def root(tenant: FakeTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, in a repository in which all is tracked; the machine has no settings of its own."""
    for name in list(os.environ):
        if name.startswith(("DATABRICKS_", "BUNDLE_VAR_", "ARM_", "GOOGLE_", "AZURE_", "GITHUB_", "ACTIONS_")) or (
            name in {"CI", "TF_BUILD"}
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("DATABRICKS_TOKEN", "secret-token")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(account, "account_host", lambda _: tenant.url)
    monkeypatch.setattr(bootstrapping, "PATIENCE", QUICK)
    monkeypatch.setattr(diagnose, "PATIENCE", QUICK)
    tools, folder = tmp_path / "tools", tmp_path / "project"
    tools.mkdir()
    (tools / "databricks").write_text("#!/bin/sh\necho Databricks CLI v1.3.0\n")
    (tools / "databricks").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    (folder / "ci/github_actions").mkdir(parents=True)
    (folder / "ci/github_actions/staging.json").write_text(json.dumps({"oidc_policy": POLICY}))
    (folder / "databricks.yml").write_text(BUNDLE.replace("HOST", tenant.url))
    git = str(shutil.which("git"))
    subprocess.run([git, "init", "--quiet", str(folder)], check=True)
    subprocess.run([git, "-C", str(folder), "add", "--all"], check=True)
    return folder


@pytest.fixture
def bootstrap(root: Path, capsys: pytest.CaptureFixture[str]) -> Bootstrap:
    """Run the command line, and return the exit code and the lines."""

    def run(*words: str) -> tuple[int, list[str]]:
        code = cli.run(["bootstrap", "--root", str(root), *(words or ["staging"])])
        return code, capsys.readouterr().out.splitlines()

    return run
