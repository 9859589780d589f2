import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bundle_tools.bundle.load import load
from bundle_tools.doctor import account, federation
from bundle_tools.doctor.access import Visit
from bundle_tools.doctor.finding import Finding

from fake_workspace import ACCOUNT_ID, ROBOT, SCIM, FakeWorkspace, error, listed, person

Doctor = Callable[..., tuple[int, list[str]]]


def policy(root: Path, **changes: str) -> None:
    """Write a policy for production."""
    file = root / "ci/github_actions/prod.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    good = {
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "acme/ml/release.yml@refs/heads/release",
    }
    file.write_text(json.dumps({"oidc_policy": {**good, **changes}}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "[ok] federation policy: ci/github_actions/prod.json allows acme/ml/release.yml@refs/heads/release of"),
        ({"subject": "repo:my-org/ml:environment:prod"}, "has the placeholder my-org: put your own name there"),
        ({"issuer": "https://vstoken.dev.azure.com/00000000-0000-0000-0000-000000000000"}, "has the placeholder 0000"),
    ],
)
def test_a_placeholder_in_a_policy_is_named(
    doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], said: str
) -> None:
    policy(tmp_path, **changes)
    monkeypatch.setattr(account, "account_host", lambda _: "http://127.0.0.1:9")  # nothing answers there
    code, lines = doctor()
    (line,) = [line for line in lines if "federation policy: " in line]
    assert said.removeprefix("[ok] ") in line
    assert line.startswith("MISSING" if changes else "ok")
    assert code == (1 if changes else 0)
    assert len([line for line in lines if line.startswith("admins  not checked here: ")]) == (0 if changes else 1)


ACCOUNT = f"/api/2.0/accounts/{ACCOUNT_ID}"
POLICIES = ("GET", f"{ACCOUNT}/servicePrincipals/4712/federationPolicies")
NAME = "ci/github_actions/prod.json"
WISH = {
    "issuer": "https://token.actions.githubusercontent.com",
    "subject": "acme/ml/release.yml@refs/heads/release",
    "audiences": ["taxi-prod"],
    "subject_claim": "workflow_ref",
}


@pytest.fixture
def at_account(
    workspace: FakeWorkspace, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[object], Finding]:
    """Ask whether the policy is in force in an account that has others; the account is at the fake's address."""
    monkeypatch.setattr(account, "account_host", lambda _: workspace.url)
    workspace.routes["GET", f"{ACCOUNT}/scim/v2/ServicePrincipals"] = listed(applicationId=ROBOT)
    policy(tmp_path, **WISH)  # type: ignore[arg-type] # the audiences are a list

    def answer(policies: object) -> Finding:
        workspace.routes[POLICIES] = policies
        return federation.in_force(visit, NAME)

    return answer


def test_a_policy_is_in_force_if_the_account_has_the_same(at_account: Callable[[object], Finding]) -> None:
    other = WISH | {"subject": "acme/ml/release.yml@refs/heads/main"}
    there = {"policies": [{"name": "x", "oidc_policy": other}, {"name": "y", "oidc_policy": WISH}]}
    assert at_account(there).ok is True
    for different in ({}, {"policies": []}, {"policies": there["policies"][:1]}):
        finding = at_account(different)
        assert finding.ok is False
        assert "so CI cannot log in: let an account admin run make bootstrap TARGET=prod APPLY=1" in finding.sentence


def test_only_an_account_admin_can_tell(at_account: Callable[[object], Finding]) -> None:
    finding = at_account(error(403, "PERMISSION_DENIED", "no account admin"))
    assert (finding.ok, finding.is_good) == (None, True)
    assert "this requires the role of an account admin" in finding.sentence


def test_without_a_login_to_the_account_it_says_how(
    at_account: Callable[[object], Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABRICKS_TOKEN")
    finding = at_account({})
    assert finding.ok is None
    assert f"--account-id {ACCOUNT_ID}" in finding.sentence


def test_in_ci_the_login_itself_shows_that_it_is(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_AUTH_TYPE", "github-oidc")
    assert federation.in_force(visit, NAME).ok is True


def test_a_policy_with_a_placeholder_is_not_looked_for(visit: Visit, tmp_path: Path) -> None:
    policy(tmp_path, subject="repo:my-org/ml:environment:prod")
    assert federation.own_policies(visit.bundle) == []
    policy(tmp_path)
    assert federation.own_policies(visit.bundle) == [NAME]


@pytest.mark.parametrize("text", ["{", "[]", '{"oidc_policy": {}}'])
def test_a_policy_that_cannot_be_read_is_named(doctor: Doctor, tmp_path: Path, text: str) -> None:
    policy(tmp_path)
    (tmp_path / "ci/github_actions/prod.json").write_text(text)
    code, lines = doctor()
    assert code == 1
    assert [line for line in lines if "has no issuer and subject: restore it" in line]


@pytest.mark.parametrize(("who", "right"), [(ROBOT, True), ("someone-else", False)])
def test_ci_must_log_in_as_the_principal_of_the_target(
    workspace: FakeWorkspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    who: str,
    right: bool,  # noqa: FBT001
) -> None:
    workspace.routes["GET", f"{SCIM}/Me"] = person(who)
    (tmp_path / "databricks.yml").write_text(
        f"bundle: {{name: b}}\ntargets: {{prod: {{run_as: {{service_principal_name: {ROBOT}}}}}}}\n"
    )
    bundle = load(tmp_path, "prod")
    assert list(federation.login_is_the_targets(bundle, who)) == []
    monkeypatch.setenv("DATABRICKS_AUTH_TYPE", "github-oidc")
    (finding,) = federation.login_is_the_targets(bundle, who)
    assert finding.ok is right
    assert ROBOT in str(finding)
