import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bundle_tools.bundle.load import load
from bundle_tools.doctor import federation

from fake_workspace import ROBOT, SCIM, FakeWorkspace, person

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
def test_a_placeholder_in_a_policy_is_named(doctor: Doctor, tmp_path: Path, changes: dict[str, str], said: str) -> None:
    policy(tmp_path, **changes)
    code, lines = doctor()
    (line,) = [line for line in lines if "federation policy" in line]
    assert said.removeprefix("[ok] ") in line
    assert code == (0 if not changes else 1)


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
