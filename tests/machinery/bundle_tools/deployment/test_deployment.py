import os

import pytest

from bundle_tools import cli
from bundle_tools.deployment import azure_devops, identity
from bundle_tools.deployment.deployment import open_deployment
from mlops.errors import ProjectError

from fake_workspace import FakeWorkspace

from .conftest import SP, Place


def run(place: Place, *words: str) -> int:
    return cli.run([*words, "--root", str(place.root)])


def test_the_prefix_reaches_the_cli_with_the_catalog_of_snapshots_and_a_state_of_its_own(place: Place) -> None:
    assert run(place, "validate", "--target", "staging", "--prefix", "pr12_") == 0
    (line,) = place.lines()
    assert line.startswith(
        "bundle validate --strict --target staging --var name_prefix=pr12_ --var snapshot_catalog=staging ["
    )
    assert line.endswith("/.databricks/prefixed/pr12_")


def test_without_a_prefix_the_target_is_deployed_as_it_is(place: Place) -> None:
    assert run(place, "deploy", "--target", "staging") == 0
    assert place.calls() == ["deploy --auto-approve --target staging"]


def test_only_a_deployment_needs_what_the_bundle_looks_up(place: Place) -> None:
    file = place.root / "databricks.yml"
    lookup = "variables:\n  warehouse_id: {lookup: {warehouse: shared}}\n"
    file.write_text(file.read_text().replace("variables:\n", lookup, 1))
    deployment = open_deployment(place.root, "staging")
    for command in ("plan", "deploy", "summary", "destroy"):
        deployment.cli(command)
    without = "--target staging --var warehouse_id=not-looked-up"
    assert place.calls() == [
        *("plan --target staging", "deploy --target staging"),
        *(f"summary {without}", f"destroy {without}"),
    ]


@pytest.mark.parametrize("prefix", ["12_", "pr12", "PR12_", "a b_", "x;rm_", "$(id)_"])
def test_a_prefix_that_is_no_name_is_refused(place: Place, prefix: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, "deploy", "--target", "staging", "--prefix", prefix) == 1
    assert "is not valid: write lower-case letters" in capsys.readouterr().err
    assert place.calls() == []


@pytest.mark.parametrize("target", ["dev", "prod"])
def test_only_staging_has_deployments_with_a_prefix(place: Place, target: str) -> None:
    with pytest.raises(ProjectError, match="has no deployments with a prefix"):
        open_deployment(place.root, target, "pr12_")


def test_a_failing_cli_is_one_sentence_and_exit_code_1(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.failing("validate")
    assert run(place, "validate", "--target", "staging") == 1
    assert capsys.readouterr().err == "error: `databricks bundle validate` failed for target staging: see its output.\n"


def test_a_missing_cli_is_named(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    (place.tools / "databricks").unlink()
    assert run(place, "validate", "--target", "staging") == 1
    assert "the Databricks CLI is not on the PATH" in capsys.readouterr().err


def test_the_plan_is_also_on_the_page_of_the_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    page = place.root / "page.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert run(place, "plan", "--target", "prod") == 0
    assert "Plan for prod: 0 to delete, 0 to recreate, 1 to add" in page.read_text()


def test_ci_logs_in_as_the_service_principal_of_the_target(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("DATABRICKS_AUTH_TYPE", "github-oidc")
    assert run(place, "validate", "--target", "prod") == 0
    assert f"github-oidc {SP}" in place.lines()[0]


@pytest.mark.parametrize("secret", identity.STORED)
def test_ci_refuses_a_stored_secret(place: Place, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("DATABRICKS_AUTH_TYPE", "github-oidc")
    monkeypatch.setenv(secret, "s3cr3t")
    bundle = open_deployment(place.root, "prod").bundle
    with pytest.raises(ProjectError, match=secret) as caught:
        identity.settings(bundle, {**os.environ, "TF_BUILD": "True"})
    assert "s3cr3t" not in str(caught.value)


def test_ci_must_say_how_to_log_in_and_cannot_deploy_development(place: Place) -> None:
    bundle = open_deployment(place.root, "prod").bundle
    with pytest.raises(ProjectError, match="DATABRICKS_AUTH_TYPE is not set in CI"):
        identity.settings(bundle, {"CI": "true"})
    with pytest.raises(ProjectError, match="target dev belongs to the person"):
        identity.settings(open_deployment(place.root, "dev").bundle, {"DATABRICKS_AUTH_TYPE": "env-oidc"})


def test_a_person_logs_in_as_usual(place: Place) -> None:
    assert identity.settings(open_deployment(place.root, "prod").bundle, {"DATABRICKS_TOKEN": "mine"}) == {}


def test_azure_pipelines_get_a_new_id_token_of_the_service_connection_each_time(place: Place) -> None:
    place.workspace.routes["POST", "/oidc"] = {"oidcToken": "id-token"}
    environ = {
        "DATABRICKS_AUTH_TYPE": "env-oidc",
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "connection-1",
        "SYSTEM_OIDCREQUESTURI": f"{place.workspace.url}/oidc",
        "SYSTEM_ACCESSTOKEN": "access",
    }
    bundle = open_deployment(place.root, "staging").bundle
    expected = {"DATABRICKS_CLIENT_ID": SP, "DATABRICKS_OIDC_TOKEN": "id-token"}
    assert [identity.settings(bundle, environ) for _ in range(2)] == [expected, expected]
    (first, _) = place.workspace.asked("/oidc")
    assert first.query == {"api-version": "7.1", "serviceConnectionId": "connection-1"}
    assert first.headers["authorization"] == "Bearer access"


def test_a_refused_id_token_is_one_sentence_without_the_access_token(workspace: FakeWorkspace) -> None:
    workspace.routes["POST", "/oidc"] = (403, {})
    environ = {
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "connection-1",
        "SYSTEM_OIDCREQUESTURI": f"{workspace.url}/oidc",
        "SYSTEM_ACCESSTOKEN": "s3cr3t",
    }
    with pytest.raises(ProjectError, match="no ID token for the service connection connection-1") as caught:
        azure_devops.id_token(environ)
    assert "s3cr3t" not in str(caught.value)
    with pytest.raises(ProjectError, match="SYSTEM_ACCESSTOKEN is not set"):
        azure_devops.id_token({**environ, "SYSTEM_ACCESSTOKEN": ""})
