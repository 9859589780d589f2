from pathlib import Path

import pytest

from bundle_tools.bundle.load import load
from bundle_tools.doctor import access, entitlements
from bundle_tools.doctor.access import Visit

from fake_workspace import SCIM, USER, FakeWorkspace, groups, person

ME = ("GET", f"{SCIM}/Me")
CLUSTER = "job_clusters: [{job_cluster_key: main, new_cluster: {num_workers: 1}}]"


def as_person(workspace: FakeWorkspace, visit: Visit, *names: str, own: str = "") -> Visit:
    workspace.routes[ME] = person(USER, *names) | {"entitlements": [{"value": own}] if own else []}
    for name in names:
        workspace.routes["GET", f"{SCIM}/Groups/{name}"] = {"id": name, "entitlements": [{"value": f"of-{name}"}]}
    return Visit(visit.client, visit.bundle, access.who_am_i(visit.client))


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("jobs: {}", []),
        ("alerts: {a: {warehouse_id: one}}", ["databricks-sql-access"]),
        ("sql_warehouses: {w: {name: w}}", ["databricks-sql-access", "allow-cluster-create"]),
        (f"jobs: {{j: {{name: j, {CLUSTER}}}}}", ["allow-cluster-create"]),
        (f"jobs: {{j: {{name: j, {CLUSTER.replace('num_workers', 'policy_id: p, num_workers')}}}}}", []),
    ],
)
def test_what_the_bundle_uses_decides_which_are_needed(tmp_path: Path, text: str, needed: list[str]) -> None:
    (tmp_path / "databricks.yml").write_text(f"bundle: {{name: b}}\nresources: {{{text}}}\n")
    assert entitlements.needed(load(tmp_path, environ={})) == ["workspace-access", *needed]


def test_one_that_nobody_granted_is_missing(workspace: FakeWorkspace, visit: Visit) -> None:
    finding = entitlements.entitlement(as_person(workspace, visit, "team"), "allow-cluster-create")
    assert finding.ok is False
    assert finding.sentence == (
        "you lack the entitlement Allow unrestricted cluster creation (allow-cluster-create): ask a workspace admin to "
        "grant it to ada@example.org"
    )


def test_it_may_be_ones_own_or_come_from_any_group(workspace: FakeWorkspace, visit: Visit) -> None:
    own = as_person(workspace, visit, own="workspace-access")
    assert entitlements.entitlement(own, "workspace-access").ok is True
    workspace.routes["GET", f"{SCIM}/Groups/deep"] = {"id": "deep", "entitlements": [{"value": "workspace-access"}]}
    workspace.routes[ME] = person(USER, "deep")
    of_a_group = Visit(visit.client, visit.bundle, access.who_am_i(visit.client))
    assert entitlements.entitlement(of_a_group, "workspace-access").ok is True
    assert entitlements.entitlement(as_person(workspace, visit, "admins"), "workspace-access").ok is True


def test_everybody_is_in_the_group_of_all_users_even_if_no_record_says_so(
    workspace: FakeWorkspace, visit: Visit
) -> None:
    workspace.routes["GET", f"{SCIM}/Groups"] = groups("users", users=["workspace-access"])
    assert entitlements.entitlement(as_person(workspace, visit), "workspace-access").ok is True
    assert entitlements.entitlement(as_person(workspace, visit), "databricks-sql-access").ok is False
