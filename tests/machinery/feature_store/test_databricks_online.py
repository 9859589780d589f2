"""What Databricks' online store has of a feature table, through the vendor's client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from mlops.feature_store.base import Published
from mlops.feature_store.databricks import DatabricksFeatureStore

from fake_workspace import UNITY, FakeWorkspace, error

TABLE = "/api/2.0/database/synced_tables/prod.shop.prices_online"


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
    workspace.routes["GET", TABLE] = error(404, "NOT_FOUND", "Table 'prod.shop.prices_online' does not exist.")
    tables: Any = None

    assert DatabricksFeatureStore(tables, "prod.shop", {}).publication("prices", "shop") is None


def test_a_table_of_an_autoscaling_store_is_known_to_unity_catalog_only(workspace: FakeWorkspace) -> None:
    workspace.routes["GET", TABLE] = error(404, "NOT_FOUND", "not a table of a database instance")
    workspace.routes["GET", f"{UNITY}/tables/prod.shop.prices_online"] = {
        "full_name": "prod.shop.prices_online",
        "updated_at": 1_793_534_400_000,
    }
    tables: Any = None

    assert DatabricksFeatureStore(tables, "prod.shop", {}).publication("prices", "shop") == Published(
        "prod.shop.prices_online",
        datetime(2026, 11, 1, 12, tzinfo=UTC),
        complete=True,
        detail="its state cannot be read (NotFound)",
    )


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
