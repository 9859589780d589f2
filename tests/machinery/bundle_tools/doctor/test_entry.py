from pathlib import Path

import pytest

from bundle_tools.bundle.load import Bundle, load
from bundle_tools.doctor import access, entry
from bundle_tools.doctor.patience import Patience

from fake_workspace import USER, FakeWorkspace, Request, error, person

ME = ("GET", "/api/2.0/preview/scim/v2/Me")


def bundle_at(root: Path, host: str, more: str = "") -> Bundle:
    workspace = f'{{host: "{host}"{more}}}'
    (root / "databricks.yml").write_text(f"bundle: {{name: b}}\ntargets: {{prod: {{workspace: {workspace}}}}}\n")
    return load(root)


def profiles(root: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.delenv("DATABRICKS_TOKEN", raising=False)
    (root / "home" / "profiles").write_text(text)


@pytest.mark.parametrize(
    "host",
    [
        "https://adb-1111111111111111.1.azuredatabricks.net",
        "https://dbc-33333333-3333.cloud.databricks.com",
        "https://2222222222222222.2.gcp.databricks.com/",
        "adb-2222222222222222.2.azuredatabricks.net",
    ],
)
def test_addresses_from_the_template_are_placeholders(tmp_path: Path, host: str) -> None:
    finding = entry.address(bundle_at(tmp_path, host))
    assert finding.ok is False
    assert finding.sentence.endswith("put your own address at databricks.yml: targets.prod.workspace.host")


@pytest.mark.parametrize(
    "host",
    [
        "https://adb-1111111111111112.1.azuredatabricks.net",
        "https://adb-1111111111111111.7.azuredatabricks.net",
        "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com",
        "https://dbc-abcdefab-111a.cloud.databricks.com",
        "https://databricks.example.org",
        "",
    ],
)
def test_other_addresses_are_not(tmp_path: Path, host: str) -> None:
    assert entry.address(bundle_at(tmp_path, host)).ok is True


@pytest.mark.parametrize(
    "text",
    [
        "[DEFAULT]\nhost = https://other.example.org\n[mine]\nhost = HOST/\ntoken = of-the-profile\n",
        "[DEFAULT]\nhost = HOST\ntoken = of-the-profile\n[other]\ntoken = other\n",
    ],
)
def test_the_only_profile_for_the_address_provides_the_credentials(
    tmp_path: Path, workspace: FakeWorkspace, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    profiles(tmp_path, monkeypatch, text.replace("HOST", workspace.url))
    access.login(bundle_at(tmp_path, workspace.url), Patience()).current_user.me()
    assert workspace.asked(ME[1])[0].headers["authorization"] == "Bearer of-the-profile"


def test_the_environment_takes_precedence_over_a_profile_for_the_address(
    tmp_path: Path, workspace: FakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles(tmp_path, monkeypatch, f"[mine]\nhost = {workspace.url}\nusername = ada\npassword = secret\n")
    monkeypatch.setenv("DATABRICKS_TOKEN", "of-the-environment")
    access.login(bundle_at(tmp_path, workspace.url), Patience()).current_user.me()
    assert workspace.asked(ME[1])[0].headers["authorization"] == "Bearer of-the-environment"


def test_the_profile_of_the_bundle_is_used(
    tmp_path: Path, workspace: FakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"[one]\nhost = {workspace.url}\ntoken = one\n[two]\nhost = {workspace.url}\ntoken = two\n"
    profiles(tmp_path, monkeypatch, text)
    access.login(bundle_at(tmp_path, workspace.url, ", profile: two"), Patience()).current_user.me()
    assert workspace.asked(ME[1])[0].headers["authorization"] == "Bearer two"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[one]\nhost = HOST\ntoken = x\n[two]\nhost = HOST\ntoken = y\n", "one, two of .* set DATABRICKS_CONFIG_PROF"),
        ("host = HOST\n", "cannot be read"),
        ("", "cannot configure default credentials"),
    ],
)
def test_missing_credentials_are_reported(
    tmp_path: Path, workspace: FakeWorkspace, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    profiles(tmp_path, monkeypatch, text.replace("HOST", workspace.url))
    with pytest.raises(ValueError, match=words):
        access.login(bundle_at(tmp_path, workspace.url), Patience())


def test_the_identity_includes_its_groups(tmp_path: Path, workspace: FakeWorkspace) -> None:
    workspace.routes[ME] = person(USER, "ml-engineers")
    me = access.who_am_i(access.login(bundle_at(tmp_path, workspace.url), Patience()))
    assert me.name == USER
    assert all(me.goes_by(name) for name in (USER, "Ada@Example.org", "ML-engineers", "account users"))
    assert not any(me.goes_by(name) for name in ("admins", "", None))


@pytest.mark.parametrize("reply", [{}, (200, b"<html>")])
def test_an_answer_without_an_identity_is_no_access(tmp_path: Path, workspace: FakeWorkspace, reply: object) -> None:
    workspace.routes[ME] = reply
    findings = list(entry.enter(bundle_at(tmp_path, workspace.url), Patience()))
    assert findings[-1].ok is False
    assert "the answer does not come from a Databricks workspace" in findings[-1].sentence


def test_the_workspace_may_have_no_public_configuration(tmp_path: Path, workspace: FakeWorkspace) -> None:
    def hide(_: Request) -> object:
        return error(404, "ENDPOINT_NOT_FOUND", "none")

    workspace.routes["GET", "/.well-known/databricks-config"] = hide
    assert [finding.ok for finding in entry.enter(bundle_at(tmp_path, workspace.url), Patience())] == [True] * 3
