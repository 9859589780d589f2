"""What the identity may do, and whether the services answer: the vendor's client over a fake HTTP API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound

from mlops.errors import ProjectError
from mlops.platform.parts import UnavailableError
from mlops.probe import privileges, services
from mlops.probe.answer import NotAskedError
from mlops.probe.job import Job

from fake_workspace import SCIM, UNITY, USER, FakeWorkspace, error, granted, person

# A registered model has its owner in `GET /unity-catalog/models/{name}` (RegisteredModelsAPI.get of databricks-sdk).
SCHEMA, MODEL = "dev.taxi", "dev.taxi.fare"
EFFECTIVE = ("GET", f"{UNITY}/effective-permissions/SCHEMA/{SCHEMA}")
NOTHING: Any = SimpleNamespace()


@pytest.fixture
def workspace() -> Iterator[FakeWorkspace]:
    with FakeWorkspace(
        {
            ("GET", f"{SCIM}/Me"): person(USER, "ml-engineers"),
            ("GET", f"{UNITY}/schemas/{SCHEMA}"): {"name": "taxi", "full_name": SCHEMA, "owner": "robot"},
            ("GET", f"{UNITY}/models/{MODEL}"): {"name": "fare", "full_name": MODEL, "owner": "ML-engineers"},
            ("GET", f"{UNITY}/tables/{SCHEMA}.probe_results"): {"name": "probe_results", "table_id": "t1"},
        }
    ) as fake:
        yield fake


@pytest.fixture
def probed(workspace: FakeWorkspace) -> Job:
    client = WorkspaceClient(host=workspace.url, token="x")  # noqa: S106 - of the fake
    platform: Any = SimpleNamespace(workspace=lambda: client)
    table = f"{SCHEMA}.probe_results"
    return Job(
        NOTHING, platform, "7", "", "", 0, SCHEMA, MODEL, "1", "/V", table, "payload", "system.serving.e", "store"
    )


def test_who_owns_the_schema_may_do_everything(workspace: FakeWorkspace, probed: Job) -> None:
    workspace.routes["GET", f"{UNITY}/schemas/{SCHEMA}"] = {"full_name": SCHEMA, "owner": USER.upper()}
    assert privileges.schema(probed) == f"the identity of the job owns {SCHEMA}"


def test_the_privileges_of_the_identity_and_its_groups_count_on_all_pages(
    workspace: FakeWorkspace, probed: Job
) -> None:
    pages = {
        None: granted(("account users", "USE_SCHEMA"), page="2"),
        "2": granted(page="3"),
        "3": granted(("ml-engineers", "ALL_PRIVILEGES"), ("eve", "MANAGE")),
    }
    workspace.routes[EFFECTIVE] = lambda request: pages[request.query.get("page_token")]
    assert privileges.schema(probed) == f"{USER} has ALL_PRIVILEGES, USE_SCHEMA on {SCHEMA}"


@pytest.mark.parametrize("held", [[], ["USE_SCHEMA", "SELECT"]])
def test_what_is_lacking_is_named(workspace: FakeWorkspace, probed: Job, held: list[str]) -> None:
    workspace.routes[EFFECTIVE] = granted(*((USER, each) for each in held), ("eve", "ALL_PRIVILEGES"))
    with pytest.raises(ProjectError, match=f"on {SCHEMA} {USER} lacks .*CREATE_TABLE, CREATE_FUNCTION") as caught:
        privileges.schema(probed)
    assert ("SELECT" in str(caught.value)) == (not held)


def test_the_model_may_belong_to_a_group_of_the_identity(probed: Job) -> None:
    assert privileges.model(probed) == f"ML-engineers owns {MODEL}"


def test_a_model_of_somebody_else_fails(workspace: FakeWorkspace, probed: Job) -> None:
    workspace.routes["GET", f"{UNITY}/models/{MODEL}"] = {"full_name": MODEL, "owner": "eve"}
    with pytest.raises(ProjectError, match=f"{MODEL} is owned by eve, so {USER} may not move its aliases"):
        privileges.model(probed)


def test_system_tables_are_only_asked_about_where_an_endpoint_serves(probed: Job) -> None:
    with pytest.raises(NotAskedError):
        privileges.system_table(replace(probed, payload_table=""))


def test_a_local_run_has_no_system_table(probed: Job) -> None:
    def refuse() -> None:
        raise UnavailableError("a local run has no workspace")

    local: Any = SimpleNamespace(workspace=refuse)
    with pytest.raises(UnavailableError):
        privileges.system_table(replace(probed, platform=local))


def test_a_system_table_is_read_and_not_only_named(probed: Job) -> None:
    """Spark Connect finds out at the first action whether a table may be read."""
    actions: list[str] = []
    rows = SimpleNamespace(collect=lambda: actions.append("collect"))
    frame = SimpleNamespace(limit=lambda _: rows)
    spark = SimpleNamespace(table=lambda name: frame if name == "`system`.`serving`.`e`" else None)
    platform: Any = SimpleNamespace(workspace=probed.platform.workspace, tables=SimpleNamespace(spark=spark))
    assert privileges.system_table(replace(probed, platform=platform)) == "system.serving.e can be read"
    assert actions == ["collect"]


class _Monitors:
    """`DataQualityAPI.get_monitor` of databricks-sdk 0.68 and later, which the tests' own SDK may lack."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def get_monitor(self, object_type: str, object_id: str) -> object:
        assert (object_type, object_id) == ("table", "t1")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(("answer", "words"), [(NotFound("none"), "has no monitor"), (object(), "has a monitor")])
def test_data_profiling_answers_with_and_without_a_monitor(probed: Job, answer: object, words: str) -> None:
    client = probed.platform.workspace()
    with_monitors: Any = SimpleNamespace(tables=client.tables, data_quality=_Monitors(answer))
    platform: Any = SimpleNamespace(workspace=lambda: with_monitors)
    assert words in services.data_profiling(replace(probed, platform=platform))


def test_an_sdk_without_data_profiling_fails(probed: Job) -> None:
    without: Any = SimpleNamespace(tables=probed.platform.workspace().tables)
    platform: Any = SimpleNamespace(workspace=lambda: without)
    with pytest.raises(ProjectError, match=r"databricks-sdk [\d.]+ does not know data profiling"):
        services.data_profiling(replace(probed, platform=platform))


STORES = ("GET", "/api/2.0/feature-store/online-stores")  # FeatureStoreAPI.list_online_stores of databricks-sdk


@pytest.mark.parametrize(
    ("stores", "words"),
    [
        ({}, "store is created by the first features job"),
        ({"online_stores": [{"name": "store", "capacity": "CU_1", "state": "STARTING"}]}, "store is STARTING"),
    ],
)
def test_online_stores_answer_before_and_after_the_projects_own_exists(
    workspace: FakeWorkspace, probed: Job, stores: dict[str, Any], words: str
) -> None:
    workspace.routes[STORES] = stores
    assert words in services.online_store(probed)


def test_online_stores_that_are_not_enabled_fail(workspace: FakeWorkspace, probed: Job) -> None:
    workspace.routes[STORES] = error(403, "PERMISSION_DENIED", "online stores are not enabled")
    with pytest.raises(Exception, match="online stores are not enabled"):
        services.online_store(probed)


def test_without_an_online_store_none_is_asked_about(probed: Job) -> None:
    with pytest.raises(NotAskedError):
        services.online_store(replace(probed, online_store=""))
