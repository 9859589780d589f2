"""What Databricks' online store has of a feature table, through the vendor's client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient

from mlops.feature_store.base import Published
from mlops.feature_store.databricks import DatabricksFeatureStore

from fake_workspace import UNITY, FakeWorkspace, Reply, error

TABLE = "/api/2.0/database/synced_tables/prod.shop.prices_online"
# What PostgresAPI.get_synced_table of databricks-sdk 0.162 requests and reads (databricks/sdk/service/postgres.py).
POSTGRES = "/api/2.0/postgres/synced_tables/prod.shop.prices_online"


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWorkspace]:
    with FakeWorkspace() as fake:
        monkeypatch.setenv("DATABRICKS_HOST", fake.url)
        monkeypatch.setenv("DATABRICKS_TOKEN", "token")
        monkeypatch.setenv("DATABRICKS_CONFIG_FILE", "/dev/null")
        yield fake


def found(workspace: FakeWorkspace, status: dict[str, Any] | None) -> Published | None:
    reply = {"name": "prod.shop.prices_online", **({} if status is None else {"data_synchronization_status": status})}
    workspace.routes["GET", TABLE] = reply
    tables: Any = None
    return DatabricksFeatureStore(tables, "prod.shop", {}).publication("prices", "shop")


def test_a_table_that_is_not_published_is_none(workspace: FakeWorkspace) -> None:
    for path in (TABLE, POSTGRES, f"{UNITY}/tables/prod.shop.prices_online"):
        workspace.routes["GET", path] = error(404, "NOT_FOUND", "Table 'prod.shop.prices_online' does not exist.")
    tables: Any = None

    assert DatabricksFeatureStore(tables, "prod.shop", {}).publication("prices", "shop") is None


def of_an_autoscaling_store(workspace: FakeWorkspace, answer: Reply) -> Published | None:
    workspace.routes["GET", TABLE] = error(404, "NOT_FOUND", "not a table of a database instance")
    workspace.routes["GET", POSTGRES] = answer
    # Unity Catalog knows when its entry was changed, which says nothing about the rows.
    workspace.routes["GET", f"{UNITY}/tables/prod.shop.prices_online"] = {
        "full_name": "prod.shop.prices_online",
        "updated_at": 1_793_534_400_000,
    }
    tables: Any = None
    return DatabricksFeatureStore(tables, "prod.shop", {}).publication("prices", "shop")


def test_an_autoscaling_store_is_asked_by_its_own_api(workspace: FakeWorkspace) -> None:
    status = {
        "detailed_state": "SYNCED_TABLE_ONLINE_TRIGGERED_UPDATE",
        "last_sync": {"sync_end_time": "2026-11-01T13:00:00+01:00"},
    }
    assert of_an_autoscaling_store(workspace, {"name": "synced_tables/x", "status": status}) == Published(
        "prod.shop.prices_online",
        datetime(2026, 11, 1, 12, tzinfo=UTC),
        complete=False,
        detail="SYNCED_TABLE_ONLINE_TRIGGERED_UPDATE",
    )


def test_newer_sdks_ask_an_autoscaling_store_at_the_same_path_for_the_same_fields(workspace: FakeWorkspace) -> None:
    pytest.importorskip("databricks.sdk.service.postgres", reason="the SDK of the runtimes does not have this API")
    workspace.routes["GET", POSTGRES] = {
        "status": {
            "detailed_state": "SYNCED_TABLE_ONLINE",
            "message": "all rows",
            "last_sync": {"sync_end_time": "2026-11-01T12:00:00Z"},
        }
    }
    client: Any = WorkspaceClient()

    status = client.postgres.get_synced_table("synced_tables/prod.shop.prices_online").status

    assert (status.detailed_state.value, status.message) == ("SYNCED_TABLE_ONLINE", "all rows")
    assert status.last_sync.sync_end_time is not None


def test_a_table_whose_state_nothing_tells_is_not_known_rather_than_complete(workspace: FakeWorkspace) -> None:
    there = of_an_autoscaling_store(workspace, error(403, "PERMISSION_DENIED", "no CAN_USE on the project"))
    assert there is not None
    assert (there.known, there.complete, there.synchronised_at) == (False, False, None)
    assert there.detail.startswith("not known: NotFound: not a table of a database instance; PermissionDenied: no CAN")


def test_the_last_synchronisation_and_its_state_are_read(workspace: FakeWorkspace) -> None:
    status = {
        "detailed_state": "SYNCED_TABLE_ONLINE_NO_PENDING_UPDATE",
        "message": "Up to date",
        "last_sync": {"sync_end_timestamp": "2026-11-01T12:00:00.5Z"},
    }

    assert found(workspace, status) == Published(
        "prod.shop.prices_online",
        datetime(2026, 11, 1, 12, 0, 0, 500_000, tzinfo=UTC),
        complete=True,
        detail="SYNCED_TABLE_ONLINE_NO_PENDING_UPDATE Up to date",
    )


@pytest.mark.parametrize(
    "state",
    ["SYNCED_TABLE_ONLINE_PIPELINE_FAILED", "SYNCED_TABLE_ONLINE_TRIGGERED_UPDATE", "SYNCED_TABLE_PROVISIONING"],
)
def test_a_table_that_is_behind_or_broken_is_not_complete(workspace: FakeWorkspace, state: str) -> None:
    there = found(workspace, {"detailed_state": state})

    assert there == Published("prod.shop.prices_online", None, complete=False, detail=state)


def test_a_table_without_a_status_yet_has_not_been_synchronised(workspace: FakeWorkspace) -> None:
    assert found(workspace, None) == Published("prod.shop.prices_online", None, complete=False, detail="unknown")
