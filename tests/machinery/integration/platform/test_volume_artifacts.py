"""A version whose files are in a volume: logged, registered, downloaded, digested, validated and probed.

MLflow's own client for volumes writes and reads them (mlflow/store/artifact/uc_volume_artifact_repo.py), over HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import mlflow
import pytest
from mlflow import MlflowClient

from fake_files import FakeFiles
from mlops.loading import forget_downloads, load
from mlops.probe import model
from mlops.probe.job import Job
from mlops.tasks import train, validate
from mlops.validation import proof
from mlops_local.platform import LocalPlatform

from running import Runner, new_schema

VOLUME = "/Volumes/dev/s/artifacts"


@pytest.fixture
def volumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeFiles]:
    with FakeFiles(tmp_path) as fake:
        monkeypatch.setenv("DATABRICKS_HOST", fake.url)
        monkeypatch.setenv("DATABRICKS_TOKEN", "unused")
        yield fake
        # MLflow also asks Unity Catalog for the id of a source table; without an answer it records none.
        assert all("/unity-catalog/tables/" in request.path for request in fake.unknown)


@pytest.fixture
def volume_experiment(experiment_id: str, volumes: FakeFiles) -> str:
    """An experiment as the bundle declares it (resources/catalog.yml), in the database of the tests."""
    assert experiment_id
    assert volumes.folder
    return mlflow.create_experiment(uuid4().hex, artifact_location=f"dbfs:{VOLUME}/training_runs")


def trained(run_task: Runner, trips: str, schema: str, experiment: str) -> dict[str, str]:
    name = f"{schema}.{uuid4().hex}"
    values = run_task(
        train,
        source_tables=f"trips={trips}",
        schema_name=schema,
        model_name=name,
        experiment_id=experiment,
        training_table=f"{schema}.training_rows",
        trials=1,
        owner="us",
    )
    return {"model_name": name} | values


@pytest.mark.usefixtures("lenient_gates")
def test_a_version_in_a_volume_is_logged_registered_downloaded_digested_and_validated(
    run_task: Runner, trips: str, features_schema: str, volume_experiment: str, volumes: FakeFiles
) -> None:
    values = trained(run_task, trips, features_schema, volume_experiment)
    source = MlflowClient().get_model_version(values["model_name"], values["model_version"]).source
    kept = volumes.folder / VOLUME.strip("/") / "training_runs"
    assert [path.name for path in kept.rglob("MLmodel")]
    assert source.startswith(("dbfs:/Volumes/", "models:/m-"))
    digest = proof.model_digest(values["model_uri"])
    assert digest == proof.model_digest(values["model_uri"])
    assert len(load(values["model_uri"]).predict(load(values["model_uri"]).input_example)) > 0
    found = run_task(validate, **{name: values[name] for name in (*validate.Candidate.model_fields,) if name in values})
    assert found["model_version"] == values["model_version"]
    changed = next(path for path in kept.rglob("*.pkl") if path.stat().st_size)
    changed.write_bytes(changed.read_bytes() + b" ")
    forget_downloads()  # as a later task does
    assert proof.model_digest(values["model_uri"]) != digest


def test_a_volume_that_may_not_be_written_fails_the_training_loudly(
    run_task: Runner, trips: str, features_schema: str, volume_experiment: str, volumes: FakeFiles
) -> None:
    volumes.refused = True
    with pytest.raises(Exception, match="does not have WRITE VOLUME"):
        trained(run_task, trips, features_schema, volume_experiment)


def test_a_probe_leaves_no_file_in_the_volume(
    platform: LocalPlatform, volume_experiment: str, volumes: FakeFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = new_schema(platform.spark)
    monkeypatch.setattr(LocalPlatform, "volume", lambda _, path: volumes.folder / path.strip("/"))
    project: Any = SimpleNamespace()
    probed = Job(
        *(project, platform, "7", "", "", 0, schema, f"{schema}.fare", volume_experiment, VOLUME, "", "", "", ""),
    )
    assert "scored 3 rows, and was deleted" in model.life(probed)
    assert [request.method for request in volumes.requests].count("PUT") > 5
    assert [path for path in (volumes.folder / "Volumes").rglob("*") if path.is_file()] == []
