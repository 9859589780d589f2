"""The workspace is asked through the vendor's own client; only the HTTP edge is a fake."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from pyspark.sql import SparkSession

from bundle_tools import cli
from bundle_tools.bundle.load import Bundle, load
from bundle_tools.workspace import databricks_connect
from bundle_tools.workspace.databricks_connect import ConnectedPlatform
from mlops.errors import ProjectError

from fake_workspace import UNITY, USER, FakeWorkspace, Reply, Request, error
from generated import generated_project

ROOT = generated_project()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeWorkspace]:
    """A workspace in which the bundle is deployed, and a profile for it called `dev`."""
    config = tmp_path / "databrickscfg"
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(config))
    for name in ("DATABRICKS_HOST", "DATABRICKS_TOKEN", "DATABRICKS_CONFIG_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    deployed = load(ROOT, "dev", user=USER)
    experiment = str(next(iter(deployed.config["resources"]["experiments"].values()))["name"])
    ids = {str(job["name"]): 100 + number for number, job in enumerate(deployed.jobs.values())}

    def jobs(request: Request) -> dict[str, Any]:
        name = request.query["name"]
        return {"jobs": [{"job_id": ids[name], "settings": {"name": name}}]}

    def by_name(request: Request) -> Reply:
        if request.query["experiment_name"] != experiment:
            return error(404, "RESOURCE_DOES_NOT_EXIST", f"no experiment {request.query['experiment_name']}")
        return {"experiment": {"experiment_id": "55", "name": experiment}}

    schema = next(iter(deployed.config["resources"]["schemas"].values()))
    full_name = f"{schema['catalog_name']}.{schema['name']}"
    routes: dict[tuple[str, str], Any] = {
        ("GET", f"{UNITY}/schemas/{full_name}"): {"full_name": full_name},
        ("GET", "/api/2.0/mlflow/experiments/get-by-name"): by_name,
    }
    routes |= {("GET", f"/api/2.{minor}/jobs/list"): jobs for minor in (1, 2)}
    with FakeWorkspace(routes) as workspace:
        other = workspace.url.replace("127.0.0.1", "localhost")  # newer versions of the SDK ask the host at once
        config.write_text(f"[dev]\nhost = {workspace.url}\ntoken = unused\n\n[other]\nhost = {other}\ntoken = unused\n")
        yield workspace


def bundle(fake: FakeWorkspace, target: str = "dev") -> Bundle:
    found = load(ROOT, target)
    found.config["workspace"]["host"] = fake.url
    return found


def test_the_bundle_is_the_one_that_the_user_has_deployed(fake: FakeWorkspace) -> None:
    before = bundle(fake)
    found = databricks_connect.deployed_bundle(ROOT, before, databricks_connect.client("dev", before), {})
    schema = next(iter(found.config["resources"]["schemas"].values()))
    assert schema["name"].startswith("dev_ada")
    assert found.ids["jobs.features"].isdigit()
    (task,) = [task for task in found.jobs["training"]["tasks"] if task["task_key"] == "train"]
    assert task["python_wheel_task"]["named_parameters"]["experiment_id"] == "55"
    assert fake.unknown == []


def test_a_bundle_that_is_not_deployed_says_what_to_do(fake: FakeWorkspace) -> None:
    for route in list(fake.routes):
        if "schemas" in route[1]:
            fake.routes[route] = error(404, "SCHEMA_DOES_NOT_EXIST", "Schema does not exist.")
    before = bundle(fake)
    with pytest.raises(ProjectError, match=r"not deployed to dev under your name .*run make deploy TARGET=dev first"):
        databricks_connect.deployed_bundle(ROOT, before, databricks_connect.client("dev", before), {})


@pytest.mark.parametrize("target", ["staging", "prod"])
def test_staging_and_production_are_refused_in_one_sentence(
    target: str, fake: FakeWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["run", "features", "--on", "databricks", "--profile", "dev", "--root", str(ROOT), "--target", target]
    assert cli.run(command) == 1
    assert capsys.readouterr().err == (
        f"error: ON=databricks runs code that is not deployed, which the target {target} does not allow: use the "
        "target dev, or deploy and run the job there.\n"
    )
    assert fake.requests == []


def test_a_profile_of_another_workspace_and_an_unknown_one_are_refused(fake: FakeWorkspace) -> None:
    with pytest.raises(ProjectError, match=r"the profile other is of http://localhost:\d+, but the target dev is in"):
        databricks_connect.client("other", bundle(fake))
    with pytest.raises(ProjectError, match="run databricks auth login --host"):
        databricks_connect.client("unknown", bundle(fake))


def test_a_source_file_cannot_be_given(fake: FakeWorkspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["run", "features", "--on", "databricks", "--rows", "10", "--root", str(ROOT)]) == 1
    assert "leave out SOURCE" in capsys.readouterr().err
    assert fake.requests == []


@pytest.mark.skipif(importlib.util.find_spec("databricks.connect") is not None, reason="it is installed here")
def test_without_the_client_the_message_says_how_to_install_it(fake: FakeWorkspace) -> None:
    workspace = databricks_connect.client("dev", bundle(fake))
    with pytest.raises(ProjectError, match="run make setup ON=databricks"), databricks_connect.connect("", workspace):
        pass


def test_task_values_stay_here_and_volumes_are_out_of_reach(spark: SparkSession, fake: FakeWorkspace) -> None:
    platform = ConnectedPlatform(spark, WorkspaceClient(profile="dev").dbutils)
    platform.publish("rows", "3")
    assert platform.task_values == {"rows": "3"}
    assert fake.unknown == []
    with pytest.raises(ProjectError, match="deploy the bundle and run the job in the workspace"):
        platform.volume("/Volumes/dev/x/artifacts")
