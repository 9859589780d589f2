import base64
import importlib
import inspect
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType, SimpleNamespace

import mlflow
import pytest
from databricks.sdk import WorkspaceClient
from pyspark.sql import SparkSession

from mlops.errors import ProjectError
from mlops.feature_store.databricks import DatabricksFeatureStore
from mlops.platform import databricks as module
from mlops.platform.databricks import DatabricksPlatform
from mlops.profiling.databricks import DatabricksProfiler

from fake_workspace import FakeWorkspace, Request, error


@pytest.fixture(scope="module")
def workspace() -> Iterator[str]:
    """The address of a workspace that answers every request with 404; the vendor's client asks for its metadata."""

    class Unknown(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Keep the output of the tests clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Unknown)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def credentials(workspace: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Importing the vendor's runtime module needs credentials; while it is loaded, MLflow behaves as on Databricks."""
    monkeypatch.setenv("DATABRICKS_HOST", workspace)
    monkeypatch.setenv("DATABRICKS_TOKEN", "unused")
    yield
    for name in [name for name in sys.modules if name.startswith("databricks.sdk.runtime")]:
        del sys.modules[name]


@pytest.fixture
def databricks(spark: SparkSession) -> DatabricksPlatform:
    return DatabricksPlatform(spark, WorkspaceClient().dbutils)


class OfTheRuntime:
    """Utilities as a runtime has them: they can set task values."""

    jobs = SimpleNamespace(taskValues=SimpleNamespace(set=lambda *, key, value: None))  # noqa: ARG005 - its signature


@pytest.mark.parametrize("before", ["sqlite:///elsewhere.db", None])
def test_connecting_uses_the_runtimes_utilities_and_says_where_runs_and_models_are(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    runs, models = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(module, "SparkSession", SimpleNamespace(builder=SimpleNamespace(getOrCreate=lambda: spark)))
    own = OfTheRuntime()
    space = SimpleNamespace(get_namespace_globals=lambda: {"dbutils": own})
    runtime = ModuleType("dbruntime")
    runtime.UserNamespaceInitializer = SimpleNamespace(getOrCreate=lambda: space)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "dbruntime", runtime)
    mlflow.set_tracking_uri(before)
    try:
        connected = DatabricksPlatform.connect()
        assert (mlflow.get_tracking_uri(), mlflow.get_registry_uri()) == ("databricks", "databricks-uc")
    finally:
        mlflow.set_tracking_uri(runs)
        mlflow.set_registry_uri(models)
    assert connected.dbutils is own
    assert connected.spark.conf.get("spark.sql.session.timeZone") == "UTC"


def test_task_values_are_set_with_the_arguments_that_the_platform_expects(spark: SparkSession) -> None:
    seen: list[dict[str, object]] = []
    stub = importlib.import_module("databricks.sdk.runtime.dbutils_stub")
    signature = inspect.signature(stub.dbutils.jobs.taskValues.set)

    def record(**given: object) -> None:
        seen.append(dict(signature.bind(**given).arguments))

    utilities = SimpleNamespace(jobs=SimpleNamespace(taskValues=SimpleNamespace(set=record)))
    DatabricksPlatform(spark, utilities).publish("k", "v")
    assert seen == [{"key": "k", "value": "v"}]


def test_managed_tables_get_no_location(databricks: DatabricksPlatform) -> None:
    assert databricks.tables.locate is None


def test_a_table_without_readable_history_has_no_version_and_that_is_logged(
    databricks: DatabricksPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    assert databricks.tables.version("dev.s.view") == "unversioned"
    assert "dev.s.view" in caplog.text


def test_the_version_of_a_table_is_the_newest_of_its_history(databricks: DatabricksPlatform) -> None:
    rows = {"DESCRIBE HISTORY `dev`.`s`.`t` LIMIT 1": {"version": 12}}
    session = SimpleNamespace(sql=lambda statement: SimpleNamespace(first=lambda: rows[statement]))
    found = DatabricksPlatform(session, databricks.dbutils).tables.version("dev.s.t")  # type: ignore[arg-type]
    assert found == "12"


def test_the_minutes_of_a_job_are_those_of_its_last_finished_run(
    databricks: DatabricksPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def runs(request: Request) -> object:
        if request.query["job_id"] == "13":
            return error(403, "PERMISSION_DENIED", "no")
        ended = {"run_id": 1, "job_id": 12, "start_time": 1_000_000, "end_time": 1_090_000}
        return {"runs": [ended] if request.query["job_id"] == "12" else []}

    with FakeWorkspace({("GET", f"/api/2.{minor}/jobs/runs/list"): runs for minor in (1, 2)}) as fake:
        monkeypatch.setenv("DATABRICKS_HOST", fake.url)
        found = databricks.job_minutes({"training": "12", "features": "13", "new": "14"})
        assert found == {"training": 1.5, "features": None, "new": None}
        assert {one.query["completed_only"] for one in fake.asked("/api/2.2/jobs/runs/list")} <= {"true"}


def test_a_profiler_is_that_of_databricks_and_says_which_sdk_it_needs(
    databricks: DatabricksPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiler = databricks.profiler(5)
    assert (type(profiler), profiler.wait_minutes) == (DatabricksProfiler, 5)
    monkeypatch.setitem(sys.modules, "databricks.sdk.service.dataquality", None)
    with pytest.raises(
        ProjectError, match=r"databricks-sdk [\d.]+ does not know data profiling: install 0\.68 or later"
    ):
        profiler._sdk  # noqa: B018, SLF001 - reading the property imports the module


def test_feature_tables_are_those_of_the_schema(databricks: DatabricksPlatform) -> None:
    store = databricks.feature_store("dev.s", {})
    assert isinstance(store, DatabricksFeatureStore)
    assert store.schema == "dev.s"


def test_the_error_for_a_missing_feature_engineering_client_says_what_to_do(
    databricks: DatabricksPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "databricks.feature_engineering", None)
    with pytest.raises(ProjectError, match=r"cannot be imported.*Runtime ML, or add it to .*resources/common\.yml"):
        databricks.feature_store("dev.s", {}).client  # noqa: B018 - reading the property imports the client


def test_a_secret_is_read_by_the_vendors_utilities(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    routes = {
        ("GET", "/api/2.0/secrets/get"): lambda asked: (
            {"key": "db", "value": base64.b64encode(b"sword fish").decode()}
            if asked.query == {"scope": "shop", "key": "db"}
            else error(404, "RESOURCE_DOES_NOT_EXIST", "Secret does not exist")
        )
    }
    with FakeWorkspace(routes) as fake:
        monkeypatch.setenv("DATABRICKS_HOST", fake.url)
        platform = DatabricksPlatform(spark, WorkspaceClient().dbutils)
        assert platform.secret("shop", "db") == "sword fish"
        with pytest.raises(ProjectError, match=r"the secret pw of the scope shop cannot be read .*put-secret shop pw"):
            platform.secret("shop", "pw")


def test_a_volume_is_mounted_under_its_name(databricks: DatabricksPlatform) -> None:
    assert str(databricks.volume("/Volumes/main/shop/artifacts/x")) == "/Volumes/main/shop/artifacts/x"
