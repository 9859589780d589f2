from pathlib import Path

import pytest

from bundle_tools.bundle.load import load
from bundle_tools.doctor import access, warehouses
from bundle_tools.doctor.access import Visit

from fake_workspace import USER, FakeWorkspace, error, queried_by

from .conftest import QUICK, write_bundle

WAREHOUSE = ("GET", "/api/2.0/sql/warehouses/abc123")
LIST = ("GET", "/api/2.0/sql/warehouses")
ACL = ("GET", "/api/2.0/permissions/warehouses/abc123")


def test_a_sql_warehouse_must_exist(workspace: FakeWorkspace, visit: Visit) -> None:
    workspace.routes[WAREHOUSE] = error(404, "RESOURCE_DOES_NOT_EXIST", "none")
    finding = warehouses.warehouse(visit, "abc123")
    assert finding.ok is False
    assert finding.sentence.endswith("or name another at databricks.yml: variables.warehouse_id")


@pytest.fixture
def by_name(workspace: FakeWorkspace, tmp_path: Path) -> Visit:
    """A visit with a bundle that looks its warehouse up by name."""
    write_bundle(tmp_path, workspace.url, {"{default: abc123}": "{lookup: {warehouse: shared}}"})
    bundle = load(tmp_path, "prod", user=USER)
    client = access.login(bundle, QUICK)
    return Visit(client, bundle, access.who_am_i(client))


def test_a_warehouse_is_looked_up_by_its_name(workspace: FakeWorkspace, by_name: Visit) -> None:
    workspace.routes[LIST] = {"warehouses": [{"id": "w0", "name": "other"}, {"id": "abc123", "name": "shared"}]}
    assert warehouses.used(by_name.bundle) == ["shared"]
    assert warehouses.warehouse(by_name, "shared").ok is True
    assert warehouses.right(by_name, "shared").ok is True


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ({}, "or name one that exists at databricks.yml: variables.warehouse_id"),
        ({"warehouses": [{"id": "w0", "name": "other"}]}, "name one that exists (such as other) at databricks.yml"),
    ],
)
def test_without_the_warehouse_no_deployment_starts(
    workspace: FakeWorkspace, by_name: Visit, listed: dict[str, object], words: str
) -> None:
    workspace.routes[LIST] = listed
    finding = warehouses.warehouse(by_name, "shared")
    assert finding.ok is False
    assert "so no deployment starts: let an administrator run make bootstrap TARGET=prod" in finding.sentence
    assert words in finding.sentence
    assert warehouses.right(by_name, "shared").ok is None


def test_two_warehouses_of_one_name_are_refused_as_the_cli_does(workspace: FakeWorkspace, by_name: Visit) -> None:
    workspace.routes[LIST] = {"warehouses": [{"id": "w0", "name": "shared"}, {"id": "w1", "name": "shared"}]}
    finding = warehouses.warehouse(by_name, "shared")
    assert finding.ok is False
    assert "2 SQL warehouses" in finding.sentence


@pytest.mark.parametrize(
    ("holder", "level", "lacking"),
    [
        ({"group_name": "users"}, "CAN_USE", ""),
        ({"group_name": "ml-engineers"}, "CAN_USE", ""),
        ({"group_name": "ml-engineers"}, "CAN_VIEW", "ada@example.org and ml-engineers"),
        ({"user_name": USER}, "CAN_MANAGE", "ml-engineers"),
        ({"group_name": "admins"}, "CAN_MANAGE", "ml-engineers"),
        ({"service_principal_name": "someone"}, "CAN_USE", "ada@example.org and ml-engineers"),
    ],
)
def test_the_viewers_of_the_dashboard_need_can_use_because_can_view_runs_no_query(
    workspace: FakeWorkspace, visit: Visit, holder: dict[str, str], level: str, lacking: str
) -> None:
    workspace.routes[ACL] = queried_by(level, **holder)
    finding = warehouses.right(visit, "abc123")
    assert finding.ok is (not lacking)
    if lacking:
        assert finding.sentence.startswith(f"{lacking} may not run queries on SQL warehouse abc123: ask")
