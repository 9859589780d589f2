"""Set-up with the vendor's own clients: from nothing, repeated, and without the right to do one of the steps."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from bundle_tools import cli

from fake_tenant import FakeTenant
from fake_workspace import ACCOUNT_ID, UNITY, error

from .conftest import PLACEHOLDER, POLICY, Bootstrap

ROBOT = re.compile(r"aaaabbbb-0000-1111-2222-\d{12}")


def line_of(lines: list[str], words: str) -> str:
    match = [line for line in lines if words in line]
    assert len(match) == 1, (words, lines)
    return match[0]


def after(lines: list[str], line: str) -> str:
    """Return the call that is printed below a line."""
    return lines[lines.index(line) + 1].strip()


def test_without_apply_everything_is_listed_with_its_call_and_nothing_is_changed(
    tenant: FakeTenant, bootstrap: Bootstrap
) -> None:
    code, lines = bootstrap()
    assert code == 0
    assert tenant.writes == []
    assert after(lines, "to do     group data scientists") == (
        "databricks account groups create --display-name 'data scientists'"
    )
    assert after(lines, "to do     service principal taxi-staging") == (
        "databricks account service-principals create --display-name taxi-staging"
    )
    assert after(lines, "to do     service principal taxi-staging: USE CATALOG, CREATE SCHEMA on catalog staging") == (
        "GRANT USE CATALOG, CREATE SCHEMA ON CATALOG `staging` TO `<application id of taxi-staging>`;"
    )
    assert after(lines, "to do     catalog staging") == "CREATE CATALOG IF NOT EXISTS `staging`;"
    assert after(lines, "to do     group ml-engineers in the workspace").startswith(
        "databricks account workspace-assignment update 900800700600 '<id of group ml-engineers>' --json "
    )
    policy = "to do     service principal taxi-staging: federation policy ci/github_actions/staging.json"
    assert after(lines, policy).endswith(
        "policy create '<id of service principal taxi-staging>' --json @ci/github_actions/staging.json"
    )
    assert "--no-wait" in after(lines, "to do     SQL warehouse taxi")
    assert lines[-1].endswith(
        "to do; make bootstrap TARGET=staging APPLY=1 does what is to do, or paste the calls above"
    )


def test_it_sets_up_everything_and_the_doctor_then_misses_nothing(
    tenant: FakeTenant, bootstrap: Bootstrap, root: Path
) -> None:
    code, lines = bootstrap("staging", "--apply")
    assert [line for line in lines if line.startswith(("MISSING", "?", "FAILED", "skipped"))] == []
    assert code == 0
    state = tenant.state()
    names = ["data scientists", "ml-engineers", "taxi-staging"]
    assert state["principals"] == state["assigned"] == names
    # All users have workspace access; the service principal gets its own, because it may not see theirs.
    assert state["entitlements"] == {name: ["databricks-sql-access"] for name in names[:2]} | {
        "taxi-staging": ["databricks-sql-access", "workspace-access"]
    }
    assert state["policies"] == {"taxi-staging": [POLICY]}
    assert state["warehouses"] == ["taxi"]
    assert state["rules"] == {}
    assert state["grants"] == {
        ("CATALOG", "dev"): {"taxi-staging": ["CREATE_SCHEMA", "USE_CATALOG"]},
        ("CATALOG", "lake"): {"taxi-staging": ["USE_CATALOG"]},
        ("CATALOG", "staging"): {
            "data scientists": ["USE_CATALOG"],
            "taxi-staging": ["CREATE_SCHEMA", "USE_CATALOG"],
        },
        ("SCHEMA", "dev.taxi_snapshot"): {
            "data scientists": ["SELECT", "USE_SCHEMA"],
            "taxi-staging": ["CREATE_TABLE", "MODIFY", "SELECT", "USE_SCHEMA"],
        },
        ("SCHEMA", "lake.geo"): {"taxi-staging": ["USE_SCHEMA"]},
        ("TABLE", "lake.geo.zones"): {"taxi-staging": ["SELECT"]},
    }
    text = (root / "databricks.yml").read_text()
    assert PLACEHOLDER not in text
    assert ROBOT.search(text)
    assert "asks for aaaabbbb" in line_of(lines, "which deploys")


def test_repeated_it_changes_nothing(tenant: FakeTenant, bootstrap: Bootstrap) -> None:
    bootstrap("staging", "--apply")
    before, writes = tenant.state(), len(tenant.writes)
    code, lines = bootstrap("staging", "--apply")
    assert code == 0
    assert len(tenant.writes) == writes
    assert tenant.state() == before
    assert not [line for line in lines if line.startswith(("to do", "done"))]
    assert len([line for line in lines if line.startswith("there")]) > 20
    code, lines = bootstrap()
    assert code == 0
    assert not [line for line in lines if line.startswith("to do")]


def test_in_development_the_groups_deploy_and_there_is_no_service_principal(
    tenant: FakeTenant, bootstrap: Bootstrap
) -> None:
    code, lines = bootstrap("dev", "--apply")
    assert code == 0
    assert not [line for line in lines if line.startswith(("FAILED", "skipped"))]
    state = tenant.state()
    assert state["principals"] == ["data scientists", "ml-engineers"]
    deploying = ["CREATE_SCHEMA", "USE_CATALOG"]
    assert state["grants"]["CATALOG", "dev"] == {"data scientists": deploying, "ml-engineers": deploying}
    assert not [key for key in state["grants"] if key[0] == "SCHEMA" and key[1].startswith("dev")]
    assert state["users"] == ["data scientists", "ml-engineers"]


@pytest.mark.parametrize(
    ("denied", "permission", "failed", "skipped"),
    [
        (rf"POST {UNITY}/catalogs", "CREATE CATALOG on the metastore", 2, 6),
        (r"POST /api/2.0/sql/warehouses", "the role of a workspace admin", 1, 3),
        (r"POST .*/federationPolicies", "the role of an account admin", 1, 0),
        (r"PATCH .*/permissions/TABLE/.*", "to own table lake.geo.zones, or MANAGE on it", 1, 0),
    ],
)
def test_a_step_without_permission_fails_in_one_sentence_and_the_others_are_made(
    tenant: FakeTenant, bootstrap: Bootstrap, denied: str, permission: str, failed: int, skipped: int
) -> None:
    tenant.denied.append(denied)
    code, lines = bootstrap("staging", "--apply")
    assert code == 1
    failures = [line for line in lines if line.startswith("FAILED")]
    assert len(failures) == failed
    assert all(f"permission denied: this requires {permission}" in line for line in failures)
    assert len([line for line in lines if line.startswith("skipped")]) == skipped
    assert line_of(lines, "run it again when the reasons above are dealt with")
    tenant.denied.clear()
    code, lines = bootstrap("staging", "--apply")
    assert code == 0


def test_a_failed_step_shows_its_call_so_that_somebody_else_can_make_it(
    tenant: FakeTenant, bootstrap: Bootstrap
) -> None:
    tenant.denied.append(rf"POST {UNITY}/catalogs")
    _, lines = bootstrap("staging", "--apply")
    (line,) = [line for line in lines if line.startswith("FAILED    catalog staging: permission denied")]
    assert after(lines, line) == "CREATE CATALOG IF NOT EXISTS `staging`;"


def test_without_a_login_to_the_account_what_the_workspace_can_do_is_done(
    tenant: FakeTenant, bootstrap: Bootstrap
) -> None:
    tenant.denied.append(rf".* /api/2.0/accounts/{ACCOUNT_ID}/.*")
    code, lines = bootstrap("staging", "--apply")
    assert code == 1
    state = tenant.state()
    assert (state["principals"], state["warehouses"]) == ([], ["taxi"])
    assert ("catalogs", "staging") in state["securables"]
    assert "this requires the role of an account admin" in line_of(lines, "FAILED    group data scientists:")


def test_a_group_of_the_workspace_alone_is_refused(tenant: FakeTenant, bootstrap: Bootstrap) -> None:
    tenant.principals["77"] = {
        "kind": "Groups",
        "displayName": "ml-engineers",
        "meta": {"resourceType": "WorkspaceGroup"},
    }  # type: ignore[dict-item]
    tenant.assigned.add("77")
    code, lines = bootstrap()
    assert code == 1
    assert line_of(lines, "FAILED    group ml-engineers: ml-engineers is a group of this workspace alone, to which")


def test_an_id_that_the_account_does_not_know_is_not_replaced(
    tenant: FakeTenant, bootstrap: Bootstrap, root: Path
) -> None:
    file = root / "databricks.yml"
    file.write_text(file.read_text().replace(PLACEHOLDER, "11112222-3333-4444-5555-666677778888"))
    code, lines = bootstrap("staging", "--apply")
    assert code == 1
    assert "no service principal with the application id 11112222-" in line_of(lines, "FAILED    service principal")
    assert tenant.state()["principals"] == ["data scientists", "ml-engineers"]


def test_a_placeholder_in_two_places_is_left_to_the_owner(bootstrap: Bootstrap, root: Path, tenant: FakeTenant) -> None:
    file = root / "databricks.yml"
    file.write_text(file.read_text() + f"# {PLACEHOLDER}\n")
    code, lines = bootstrap("staging", "--apply")
    assert code == 1
    assert "in 2 places: put aaaabbbb-" in line_of(lines, "FAILED    databricks.yml")
    assert tenant.state()["policies"] == {"taxi-staging": [POLICY]}
    assert file.read_text().count(PLACEHOLDER) == 2


def test_a_policy_with_placeholders_is_not_sent(bootstrap: Bootstrap, root: Path, tenant: FakeTenant) -> None:
    file = root / "ci/github_actions/staging.json"
    file.write_text(file.read_text().replace("acme/taxi", "my-org/my-repo"))
    code, lines = bootstrap("staging", "--apply")
    assert code == 1
    assert "staging.json still has placeholders" in line_of(lines, "FAILED    service principal")
    assert tenant.state()["policies"] == {}


def test_without_a_policy_people_deploy_so_they_get_the_role_beside_what_is_granted(
    bootstrap: Bootstrap, root: Path, tenant: FakeTenant
) -> None:
    (root / "ci/github_actions/staging.json").unlink()
    bootstrap("staging", "--apply")
    (name,) = tenant.rules
    assert tenant.state()["rules"][name.split("/")[-3]] == [
        {"role": "roles/servicePrincipal.user", "principals": ["groups/ml-engineers"]}
    ]
    kept = {"role": "roles/servicePrincipal.manager", "principals": ["users/eve@example.org"]}
    tenant.rules[name] = (7, [kept])
    code, _ = bootstrap("staging", "--apply")
    assert [rule["role"] for rule in tenant.rules[name][1]] == [kept["role"], "roles/servicePrincipal.user"]
    assert code == 0


def test_somebody_who_makes_it_at_the_same_time_is_no_failure(bootstrap: Bootstrap, tenant: FakeTenant) -> None:
    def meanwhile() -> None:
        tenant.securables.add(("catalogs", "staging"))

    tenant.before_write = meanwhile
    seen: list[bool] = []

    def absent_at_first(_: object) -> object:
        seen.append(True)
        known = len(seen) > 1
        return {"name": "staging", "owner": "x"} if known else error(404, "CATALOG_DOES_NOT_EXIST", "none")

    tenant.handlers.insert(0, ("GET", rf"{UNITY}/catalogs/staging", absent_at_first))
    code, lines = bootstrap("staging", "--apply")
    assert code == 0
    assert line_of(lines, "there     catalog staging")


def test_names_are_quoted_for_whoever_pastes_them(bootstrap: Bootstrap, root: Path, tmp_path: Path) -> None:
    name = 'x\'; touch PWNED `id` $(id) "y"'
    file = root / "databricks.yml"
    file.write_text(file.read_text().replace("{default: data scientists}", f"{{default: {json.dumps(name)}}}"))
    code, lines = bootstrap()
    assert code == 0
    call = after(lines, f"to do     group {name}")
    assert shlex.split(call) == ["databricks", "account", "groups", "create", "--display-name", name]
    grants = [line for line in lines if line.strip().startswith("GRANT") and "PWNED" in line]
    assert grants
    assert all(line.endswith('TO `x\'; touch PWNED ``id`` $(id) "y"`;') for line in grants)
    assert not list(tmp_path.rglob("PWNED"))


def test_without_credentials_it_says_how_to_log_in(
    bootstrap: Bootstrap, monkeypatch: pytest.MonkeyPatch, tenant: FakeTenant
) -> None:
    monkeypatch.delenv("DATABRICKS_TOKEN")
    code, lines = bootstrap()
    assert code == 1
    assert f"run databricks auth login --host {tenant.url}" in line_of(lines, "MISSING authentication")


def test_an_unknown_target_is_one_sentence(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bootstrap", "--root", str(root), "nowhere"]) == 1
    assert capsys.readouterr().err.startswith("error: databricks.yml has no target 'nowhere'")
