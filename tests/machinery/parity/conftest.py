"""Fixtures that run the vendor's own feature client on this machine, with Apache Spark and a fake catalog over HTTP."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from types import ModuleType

import mlflow
import pytest
from mlflow.utils.file_utils import TempDir
from pyspark.sql import SparkSession

from mlops.errors import ProjectError

from parity.unity_catalog import FakeUnityCatalog


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Do not turn warnings into errors in these tests: the vendor's code and its dependencies emit unrelated ones."""
    for item in items:
        if "vendor" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.fixture(scope="session")
def vendor() -> ModuleType:
    """The package `databricks.feature_engineering`."""
    for reason, missing in {
        "Apache Spark needs Java 17": shutil.which("java") is None and "JAVA_HOME" not in os.environ,
        "only the Connect client of pyspark is installed, without a server: use an environment with pyspark[connect]": (
            importlib.util.find_spec("py4j") is None
        ),
        "databricks-feature-engineering is not installed": importlib.util.find_spec("databricks") is None
        or importlib.util.find_spec("databricks.feature_engineering") is None,
    }.items():
        if missing:
            pytest.skip(reason)
    import databricks.feature_engineering  # noqa: PLC0415 - optional

    return databricks.feature_engineering


@pytest.fixture(scope="session")
def workspace(
    vendor: ModuleType,  # noqa: ARG001 - skips the test if the client cannot run
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[FakeUnityCatalog]:
    """A fake workspace that the client is logged in to, with MLflow in a separate folder."""
    folder = tmp_path_factory.mktemp("vendor")
    uris = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    client = "databricks.ml_features._training_scoring_client._training_scoring_client"
    with FakeUnityCatalog() as catalog, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        patch.setenv("TMPDIR", str(folder))  # for the workers, which copy models there
        # The client removes its copy of a model before Spark's workers read it. Databricks has copied it to them by
        # then, but MLflow on any other Spark Connect server has only sent them its path.
        patch.setattr(f"{client}.TempDir", partial(TempDir, remove_on_exit=False))
        patch.setenv("DATABRICKS_HOST", catalog.url)
        patch.setenv("DATABRICKS_TOKEN", "token")
        patch.setenv("DATABRICKS_CONFIG_FILE", os.devnull)
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        mlflow.set_registry_uri(f"sqlite:///{folder}/mlflow.db")
        mlflow.set_experiment(experiment_id=mlflow.create_experiment("vendor", (folder / "artifacts").as_uri()))
        yield catalog
        mlflow.set_tracking_uri(uris[0])
        mlflow.set_registry_uri(uris[1])


@pytest.fixture(scope="module", params=[False], ids=["parquet"])
def databricks(workspace: FakeUnityCatalog, request: pytest.FixtureRequest) -> Iterator[SparkSession]:
    """A session in which the catalog `dev` has a schema `taxi`."""
    from parity.databricks_spark import databricks_spark  # noqa: PLC0415 - needs the packages that `vendor` checks for

    try:
        with databricks_spark(workspace, ["dev"], delta=request.param) as spark:
            spark.sql("CREATE SCHEMA dev.taxi")
            yield spark
    except ProjectError as error:
        # Without Delta, Spark must start; with Delta, only its jars can be missing.
        if not request.param:
            raise
        pytest.skip(f"Delta's jars cannot be downloaded: {error}")
