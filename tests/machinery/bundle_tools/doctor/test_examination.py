import time
from collections.abc import Callable, Collection, Generator
from pathlib import Path

import pytest

from bundle_tools import cli
from bundle_tools.doctor import examination
from bundle_tools.doctor.access import Visit
from bundle_tools.doctor.finding import Finding
from bundle_tools.doctor.patience import Patience

from fake_workspace import RULES, SCIM, UNITY, USER, FakeWorkspace, Request, error, granted, person

Doctor = Callable[..., tuple[int, list[str]]]

ME = ("GET", f"{SCIM}/Me")
GROUPS = ("GET", f"{SCIM}/Groups")
CATALOG = ("GET", f"{UNITY}/catalogs/prod")

NEVER = 60  # seconds until a request is answered that nobody waits for; a busy machine does not take as long
SHORT = Patience(request=0.5, retries=1, pause=0.01)  # the SDK retries for at least one second


def line_of(lines: list[str], words: str) -> str:
    found = [line for line in lines if words in line]
    assert len(found) == 1, (words, lines)
    return found[0]


def test_every_check_prints_one_line_in_order(workspace: FakeWorkspace, doctor: Doctor) -> None:
    code, lines = doctor()
    expected = [
        "Databricks CLI 1.3.0 fits '>= 1.2.0-0' of databricks.yml: bundle.databricks_cli_version",
        "a deployment takes no file that git does not track",
        f"address of the workspace: {workspace.url}",
        f"authentication: pat for {workspace.url}",
        f"workspace {workspace.url} knows you as {USER}",
        "catalog prod exists",
        "schema prod.taxi does not exist yet, and you may create it in catalog prod",
        "you have the entitlement Workspace access (workspace-access)",
        "you have the entitlement Databricks SQL access (databricks-sql-access)",
        "you have the entitlement Allow unrestricted cluster creation (allow-cluster-create)",
        "no deployment is running, and none left its lock behind",
        "no other deployment uses schema prod.taxi",
        "group ml-engineers exists",
        "service principal 11112222-3333-4444-5555-666677778888 exists",
        "you may run jobs as service principal 11112222-3333-4444-5555-666677778888",
        "serverless compute of training: the workspace has Unity Catalog (metastore m1)",
        "node type m6id.2xlarge is available",
        "Databricks Runtime 17.x-cpu-ml-scala2.13 is available",
        "SQL warehouse abc123 exists (Starter)",
        "you and the viewers of the dashboard may run queries on SQL warehouse abc123",
        "source table samples.nyctaxi.trips can be read",
    ]
    assert lines == [f"ok      {sentence}" for sentence in expected]
    assert code == 0


def test_nothing_is_changed_in_the_workspace(workspace: FakeWorkspace, doctor: Doctor) -> None:
    doctor()
    assert {request.method for request in workspace.requests} == {"GET"}


def test_development_names_contain_the_user_who_runs_the_doctor(workspace: FakeWorkspace, doctor: Doctor) -> None:
    own = ("GET", f"{UNITY}/schemas/prod.dev_ada_taxi")
    workspace.routes[own] = error(404, "SCHEMA_DOES_NOT_EXIST", "none")
    code, lines = doctor("--target", "dev")
    assert line_of(lines, "schema prod.dev_ada_taxi does not exist yet").startswith("ok")
    assert line_of(lines, "user ada@example.org is you").startswith("ok")
    assert line_of(lines, "the bundle names no service principal").startswith("ok")
    assert code == 0


def test_at_its_end_it_names_the_job_that_asks_what_it_cannot(doctor: Doctor) -> None:
    with_probe = {"    training: {name": "    probe: {name: probe}\n    training: {name"}
    code, lines = doctor(changes=with_probe)
    assert code == 0
    assert lines[-1].startswith("after a deployment, run make probe TARGET=prod: it asks the platform what cannot be")


def test_what_the_bundle_does_not_use_is_reported_without_a_request(workspace: FakeWorkspace, doctor: Doctor) -> None:
    unused = {
        "  warehouse_id: {default: abc123}\n": "",
        "  source_tables: {default: trips=samples.nyctaxi.trips}\n": "",
    }
    code, lines = doctor(changes=unused)
    assert code == 0
    assert line_of(lines, "nothing in the bundle uses a SQL warehouse").startswith("ok")
    assert line_of(lines, "no variable source_tables").startswith("ok")
    assert not workspace.asked("/api/2.0/sql/warehouses/abc123")


def test_a_placeholder_address_stops_before_any_request(workspace: FakeWorkspace, doctor: Doctor) -> None:
    code, lines = doctor(changes={"host: HOST": "host: https://adb-3333333333333333.3.azuredatabricks.net"})
    assert code == 1
    assert line_of(lines, "is a placeholder").startswith("MISSING")
    assert "databricks.yml: targets.prod.workspace.host" in line_of(lines, "is a placeholder")
    assert [line for line in lines[3:] if not line.startswith("?       not checked: ")] == []
    assert len(lines) == 19
    assert workspace.requests == []


def test_without_credentials_the_rest_is_not_asked(
    workspace: FakeWorkspace, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABRICKS_TOKEN")
    code, lines = doctor()
    assert code == 1
    assert f"run databricks auth login --host {workspace.url}" in line_of(lines, "MISSING authentication: ")
    assert len([line for line in lines if line.startswith("?       not checked: ")]) == 15
    assert not workspace.asked(ME[1])


@pytest.mark.parametrize("refusal", [error(401, "UNAUTHENTICATED", "expired"), error(403, "FORBIDDEN", "expired")])
def test_rejected_credentials_are_reported_without_being_shown(
    workspace: FakeWorkspace, doctor: Doctor, refusal: tuple[int, dict[str, str]]
) -> None:
    workspace.routes[ME] = refusal
    code, lines = doctor()
    line = line_of(lines, "denies access to you")
    assert code == 1
    assert line.startswith("MISSING workspace")
    assert f"databricks auth login --host {workspace.url}" in line
    assert line.endswith("(expired)")
    assert "secret-token" not in "\n".join(lines)
    assert line_of(lines, "catalogs: ") == "?       not checked: catalogs: no access to the workspace yet"
    assert not workspace.asked(CATALOG[1])


def test_a_dead_workspace_is_abandoned_in_time(workspace: FakeWorkspace, doctor: Doctor) -> None:
    workspace.delays = {("GET", "/.well-known/databricks-config"): NEVER, ME: NEVER}
    started = time.monotonic()
    code, lines = doctor(patience=Patience(request=60, retries=60, pause=60, question=0.2))
    assert time.monotonic() - started < NEVER / 2
    assert code == 1
    assert line_of(lines, "timed out").startswith("MISSING ")


@pytest.mark.parametrize(
    ("host", "proxy", "words"),
    [
        ("http://127.0.0.1:9", "", "connection refused: nothing answers at this address"),
        ("https://no-such-workspace.invalid", "", "unknown host: the name of the workspace has no address"),
        ("https://no-such-workspace.invalid", "http://127.0.0.1:9", "the proxy cannot be reached"),
    ],
)
def test_no_connection_is_told_from_one_that_takes_too_long(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, host: str, proxy: str, words: str
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    if proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
    code, lines = doctor(changes={"host: HOST": f"host: {host}"}, patience=SHORT)
    assert code == 1
    assert words in line_of(lines, "cannot be used")
    assert not [line for line in lines if "timed out" in line]


def test_a_workspace_that_does_not_return_the_identity_is_abandoned(workspace: FakeWorkspace, doctor: Doctor) -> None:
    workspace.delays[ME] = NEVER
    code, lines = doctor(patience=SHORT)
    assert code == 1
    assert line_of(lines, "timed out").startswith(f"MISSING workspace {workspace.url} cannot be used: ")


def test_a_later_time_out_is_reported_and_stops_the_questions(workspace: FakeWorkspace, doctor: Doctor) -> None:
    workspace.delays[CATALOG] = NEVER
    started = time.monotonic()
    code, lines = doctor(patience=SHORT)
    assert time.monotonic() - started < NEVER / 2
    assert code == 1
    assert line_of(lines, "timed out").startswith("?       not checked: catalogs (prod): ")
    assert line_of(lines, "groups (ml-engineers)").endswith("the workspace no longer answers in time")
    assert not workspace.asked(GROUPS[1])


def test_a_question_is_abandoned_however_long_its_requests_may_take(
    workspace: FakeWorkspace, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def entered(*_: object) -> Generator[Finding, None, tuple[object, object]]:
        yield from ()
        return visit.client, visit.me

    monkeypatch.setattr(examination, "enter", entered)
    workspace.delays[CATALOG] = NEVER
    started = time.monotonic()
    findings = list(examination.examine(lambda _: visit.bundle, Patience(question=0.1)))
    assert time.monotonic() - started < NEVER / 2
    assert findings[2].sentence.startswith("not checked: catalogs (prod): timed out")
    assert {finding.ok for finding in findings[2:]} == {None}


# Without the header the SDK waits between one and two seconds, up to ten in all: so it asks ten times at most.
@pytest.mark.parametrize(("headers", "requests"), [({"Retry-After": "3600"}, [1]), ({}, range(2, 11))])
def test_a_workspace_that_keeps_asking_for_fewer_requests_is_left_alone(
    workspace: FakeWorkspace, doctor: Doctor, headers: dict[str, str], requests: Collection[int]
) -> None:
    workspace.routes[CATALOG] = (*error(429, "REQUEST_LIMIT_EXCEEDED", "slow down"), headers)
    code, lines = doctor()
    assert code == 1
    assert "(429): wait a minute" in line_of(lines, "catalogs (prod)")
    assert len(workspace.asked(CATALOG[1])) in requests
    assert not workspace.asked(GROUPS[1])


def test_a_rate_limited_request_is_repeated(workspace: FakeWorkspace, doctor: Doctor) -> None:
    too_fast = [error(429, "REQUEST_LIMIT_EXCEEDED", "slow down")]
    workspace.routes[CATALOG] = lambda _: too_fast.pop() if too_fast else {"name": "prod", "owner": USER}
    code, lines = doctor()
    assert code == 0
    assert line_of(lines, "catalog prod exists").startswith("ok")


def test_a_question_without_permission_fails_and_the_rest_is_asked(workspace: FakeWorkspace, doctor: Doctor) -> None:
    workspace.routes["GET", RULES] = error(403, "PERMISSION_DENIED", "you are not a manager")
    code, lines = doctor()
    line = line_of(lines, "permission denied")
    assert code == 1
    assert line.startswith("?       not checked: the right to run jobs as a service principal (11112222-")
    assert "this requires the role Service Principal Manager" in line
    assert line.endswith("(you are not a manager)")
    assert len([one for one in lines if one.startswith("ok")]) == 20


def test_what_only_an_administrator_may_ask_is_left_to_the_set_up(workspace: FakeWorkspace, doctor: Doctor) -> None:
    held = ["workspace-access", "databricks-sql-access", "allow-cluster-create"]
    workspace.routes[ME] = person(USER, "ml-engineers") | {"entitlements": [{"value": name} for name in held]}
    workspace.routes["GET", "/api/2.0/permissions/warehouses/abc123"] = error(403, "PERMISSION_DENIED", "not yours")
    code, lines = doctor()
    line = line_of(lines, "the right to use SQL warehouses (abc123)")
    assert line.startswith("admins  not checked here: ")
    assert "this requires CAN MANAGE on the warehouse" in line
    assert code == 0


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (error(500, "INTERNAL_ERROR", "oops"), "the workspace returned an error: try again later (oops)"),
        (error(401, "UNAUTHENTICATED", "expired"), "the credentials are not accepted: log in again (expired)"),
        ((200, b"<html>Sign in</html>"), "the answer does not come from a Databricks workspace"),
    ],
)
def test_an_invalid_answer_fails_without_a_traceback(
    workspace: FakeWorkspace, doctor: Doctor, reply: object, words: str
) -> None:
    workspace.routes[GROUPS] = reply
    code, lines = doctor()
    assert code == 1
    assert words in line_of(lines, "not checked: groups (ml-engineers)")


def test_names_with_brackets_are_shown_unchanged(workspace: FakeWorkspace, doctor: Doctor) -> None:
    workspace.routes[GROUPS] = {}
    code, lines = doctor(changes={"ml_engineers: {default: ml-engineers}": "ml_engineers: {default: '[bold]'}"})
    assert line_of(lines, "group [bold] does not exist").startswith("MISSING")
    assert code == 1


def test_the_sdk_s_own_warnings_are_not_shown(
    workspace: FakeWorkspace, doctor: Doctor, caplog: pytest.LogCaptureFixture
) -> None:
    workspace.routes["GET", "/.well-known/databricks-config"] = error(500, "INTERNAL_ERROR", "oops")
    doctor()
    assert caplog.messages == []


def test_an_error_in_the_bundle_is_one_sentence(
    doctor: Doctor, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert doctor("--target", "nowhere") == (1, [])
    assert doctor("prod", "--var", "nothing=1") == (1, [])
    assert cli.run(["doctor", "--root", str(tmp_path / "home")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: There is no databricks.yml in ")
    assert captured.err.count("\n") == 1


def test_variables_from_the_command_line_are_used(workspace: FakeWorkspace, doctor: Doctor) -> None:
    def describe(request: Request) -> object:
        return error(404, "CATALOG_DOES_NOT_EXIST", f"no {request.path}")

    workspace.routes["GET", f"{UNITY}/catalogs/other"] = describe
    workspace.routes["GET", f"{UNITY}/schemas/other.taxi"] = describe
    code, lines = doctor("prod", "--var", "catalog=other")
    line = line_of(lines, "catalog other does not exist")
    assert code == 1
    assert line.startswith("MISSING")
    assert "databricks.yml: variables.catalog" in line
    assert line_of(lines, "what you may do in schema other.taxi").startswith("?       not checked: ")


def test_a_service_principal_can_ask_about_itself(workspace: FakeWorkspace, doctor: Doctor) -> None:
    robot = "11112222-3333-4444-5555-666677778888"
    held = ["workspace-access", "databricks-sql-access", "allow-cluster-create"]
    workspace.routes[ME] = person(robot) | {"entitlements": [{"value": name} for name in held]}
    workspace.routes["GET", f"{UNITY}/effective-permissions/CATALOG/prod"] = granted((robot, "ALL_PRIVILEGES"))
    code, lines = doctor()
    assert code == 0
    assert line_of(lines, f"service principal {robot} is you").startswith("ok")
    assert not workspace.asked(RULES)
