import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import mlflow
import pyarrow.compute
import pyarrow.parquet
import pytest
from mlflow import MlflowClient

from bundle_tools.bundle import load as bundles
from bundle_tools.workspace.other_data import NOTE
from bundle_tools.workspace.source_data import SourceData
from bundle_tools.workspace.workspace import Workspace, model_name, source_tables
from mlops.config.features import FeatureTable
from mlops.errors import ProjectError
from mlops.features.incremental import Progress, Span
from mlops.features.run_log import FeatureRuns
from mlops.inference.run_log import FORGOTTEN
from mlops_local.platform import LocalPlatform

from example import PROJECT, synthetic
from generated import generated_project
from running import new_schema

ROOT = generated_project()


@pytest.fixture
def workspace(tmp_path: Path, experiment_id: str) -> Workspace:
    assert experiment_id  # the database of the tests is open
    return Workspace(tmp_path)


@pytest.fixture
def bundle(platform: LocalPlatform) -> bundles.Bundle:
    source = f"{new_schema(platform.spark)}.trips"
    return bundles.load(
        ROOT, "dev", variables={"source_tables": f"trips={source}", "catalog": "dev", "schema": "deployed"}
    )


def test_runs_and_models_are_kept_in_the_state_alone(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = tmp_path_factory.mktemp("project")
    monkeypatch.chdir(project)
    workspace.open_mlflow()
    assert list(project.iterdir()) == []
    default = mlflow.get_experiment("0").artifact_location
    assert str(workspace.folder) in default


def test_deploying_creates_what_the_bundle_declares(
    workspace: Workspace, bundle: bundles.Bundle, platform: LocalPlatform
) -> None:
    for _ in range(2):
        deployed = workspace.deploy(bundle, platform.spark)
    experiment_id = deployed.jobs["training"]["tasks"][0]["python_wheel_task"]["named_parameters"]["experiment_id"]
    experiment = mlflow.get_experiment(experiment_id)
    assert experiment.name == bundle.config["resources"]["experiments"]["training_runs"]["name"]
    assert MlflowClient().get_registered_model(model_name(bundle, "model")).name.startswith("dev.")
    schema = bundle.config["resources"]["schemas"]["ml"]["name"]
    assert platform.spark.catalog.databaseExists(f"dev.{schema}")
    assert deployed.jobs["lifecycle"]["tasks"][0]["run_job_task"]["job_id"] == "features"


def test_tables_of_earlier_runs_are_available_again(
    platform: LocalPlatform, workspace: Workspace, bundle: bundles.Bundle
) -> None:
    before = workspace.catalogs(bundle)
    rows = platform.spark.createDataFrame([(1,)], "id INT")
    location = workspace.tables / "samples" / "earlier" / "kept"
    rows.write.format("delta").save(str(location))
    workspace.deploy(bundle, platform.spark)
    assert platform.tables.read("samples.earlier.kept").count() == 1
    assert before[0] == "dev"
    assert workspace.catalogs(bundle) == [*before, "samples"]


def test_by_default_the_source_is_synthetic_and_then_kept(
    workspace: Workspace, bundle: bundles.Bundle, platform: LocalPlatform
) -> None:
    source = source_tables(bundle)["trips"]
    small = SourceData(rows=40)
    assert workspace.fill_sources(bundle, platform, PROJECT, small) == "40 rows from example data"
    assert workspace.fill_sources(bundle, platform, PROJECT, SourceData()) == "40 rows from example data"
    assert workspace.fill_sources(bundle, platform, PROJECT, small) == "40 rows from example data"
    assert platform.tables.version(source) == "0"
    drifted = SourceData(rows=40, drift_from=date(2016, 2, 1))
    assert workspace.fill_sources(bundle, platform, PROJECT, drifted).endswith("drifted from 2016-02-01")
    assert platform.tables.version(source) == "1"


def test_a_file_fills_the_source_again_only_when_it_has_changed(
    workspace: Workspace, bundle: bundles.Bundle, platform: LocalPlatform, tmp_path: Path
) -> None:
    file = tmp_path / "trips.parquet"
    versions = []
    for rows in (30, 30, 20):
        if not file.exists() or rows != 30:
            pyarrow.parquet.write_table(synthetic.example_data(rows), file)
        assert (
            workspace.fill_sources(bundle, platform, PROJECT, SourceData(files=str(file))) == f"{rows} rows from {file}"
        )
        versions.append(platform.tables.version(source_tables(bundle)["trips"]))
    assert versions == ["0", "0", "1"]
    assert platform.tables.read(source_tables(bundle)["trips"]).count() == 20


def test_other_rows_let_features_be_computed_and_rows_be_searched_anew_and_more_rows_do_not(
    workspace: Workspace, bundle: bundles.Bundle, platform: LocalPlatform, tmp_path: Path
) -> None:
    schema = new_schema(platform.spark)
    (workspace.tables / schema.replace(".", "/") / "feature_runs").mkdir(parents=True)
    (workspace.tables / schema.replace(".", "/") / "inference_runs").mkdir(parents=True)
    platform.tables.overwrite(
        f"{schema}.inference_runs", platform.spark.createDataFrame([("d", 7)], "definition STRING, rows INT")
    )
    runs, file = FeatureRuns(platform.tables, schema), tmp_path / "trips.parquet"
    platform.tables.overwrite(f"{schema}.zones", platform.spark.range(1))
    platform.notes.clear()
    whole = synthetic.example_data(40)
    dearer = pyarrow.compute.add(whole["fare_amount"], 1.0)
    raised = whole.set_column(whole.column_names.index("fare_amount"), "fare_amount", dearer)
    for rows, anew in ((whole.slice(0, 30), False), (whole, False), (raised, True), (raised.slice(0, 20), True)):
        runs.record([("zones", {"dev.x.trips": Progress("d", None, 1)}, Span(None, replace=True, reason="x"))])
        pyarrow.parquet.write_table(rows, file)
        workspace.fill_sources(bundle, platform, PROJECT, SourceData(files=str(file)))
        assert (runs.last(["zones"]) == {"zones": {}}, platform.notes == [NOTE]) == (anew, anew)
        searched = platform.tables.read(f"{schema}.inference_runs").collect()
        assert [tuple(row) for row in searched] == [(FORGOTTEN if anew else "d", 7)]
        platform.notes.clear()


def test_an_invalid_file_leaves_the_source_unchanged(
    workspace: Workspace, bundle: bundles.Bundle, platform: LocalPlatform, tmp_path: Path
) -> None:
    workspace.fill_sources(bundle, platform, PROJECT, SourceData(rows=40))
    with pytest.raises(ProjectError, match="does not exist"):
        workspace.fill_sources(bundle, platform, PROJECT, SourceData(files=str(tmp_path / "none.csv")))
    assert platform.tables.read(source_tables(bundle)["trips"]).count() == 40
    assert workspace.fill_sources(bundle, platform, PROJECT, SourceData()) == "40 rows from example data"


def test_a_registry_that_fails_stops_the_deployment(
    workspace: Workspace, bundle: bundles.Bundle, platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise mlflow.MlflowException("the registry is down")

    monkeypatch.setattr(MlflowClient, "create_registered_model", fail)
    with pytest.raises(mlflow.MlflowException, match="down"):
        workspace.deploy(bundle, platform.spark)


def test_tables_of_other_projects_are_published_if_there_is_an_online_store(
    platform: LocalPlatform, workspace: Workspace
) -> None:
    schema = new_schema(platform.spark)
    name = f"{schema.partition('.')[2]}.prices"
    platform.tables.overwrite(f"{schema}.prices", platform.spark.createDataFrame([(1, 2.5)], "k INT, price DOUBLE"))
    config = PROJECT.config.model_copy(update={"feature_tables": {name: FeatureTable(keys=("k",))}})
    for online_store, is_there in (("", False), ("shop", True)):
        bundle = bundles.load(ROOT, "dev", variables={"catalog": "dev", "online_store": online_store})
        workspace.publish_foreign(bundle, platform, config)
        found = platform.feature_store("dev.ours", config.feature_tables).publication(name, "shop")
        assert (found is not None) == is_there


OPENER = """
import sys, time
from pathlib import Path
from bundle_tools.workspace.workspace import Workspace
workspace = Workspace(Path(sys.argv[1]))
Path(sys.argv[2]).touch()
while len(list(Path(sys.argv[2]).parent.glob("ready*"))) < 3:
    time.sleep(0.01)
workspace.open_mlflow()
"""


def test_processes_that_open_an_empty_workspace_at_once_all_succeed(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, str(tmp_path / "state"), str(tmp_path / f"ready{number}")],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    ended = [(opener.communicate(timeout=120)[1], opener.returncode) for opener in openers]
    assert [code for _, code in ended] == [0, 0, 0], [errors[-500:] for errors, _ in ended]
