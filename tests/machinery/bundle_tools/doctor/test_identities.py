from collections.abc import Callable

import pytest

from bundle_tools.doctor import identities
from bundle_tools.doctor.access import Visit
from bundle_tools.doctor.finding import Finding

from fake_workspace import ACCOUNT_ID, ROBOT, RULES, SCIM, USER, FakeWorkspace, error, listed, rules

PLACEHOLDER = "22222222-2222-2222-2222-222222222222"
RULE_SET = ("GET", RULES)


@pytest.mark.parametrize(
    ("ask", "path", "query", "name", "found"),
    [
        (identities.group, "Groups", "displayName", "data scientists", {"displayName": "Data Scientists"}),
        (identities.user, "Users", "userName", "eve@example.org", {"userName": "eve@example.org"}),
        (identities.service_principal, "ServicePrincipals", "applicationId", ROBOT, {"applicationId": ROBOT}),
    ],
)
def test_a_principal_is_looked_up_by_its_name(
    workspace: FakeWorkspace,
    visit: Visit,
    ask: Callable[[Visit, str], Finding],
    path: str,
    query: str,
    name: str,
    found: dict[str, str],
) -> None:
    workspace.routes["GET", f"{SCIM}/{path}"] = listed(**found)
    assert ask(visit, name).ok is True
    assert workspace.asked(f"{SCIM}/{path}")[0].query["filter"] == f'{query} eq "{name}"'
    for other in ({}, {"Resources": []}, listed(**{query: "somebody-else"})):
        workspace.routes["GET", f"{SCIM}/{path}"] = other
        finding = ask(visit, name)
        assert finding.ok is False
        assert f"{name} does not exist in {workspace.url}: create it in the account console" in finding.sentence


def test_the_message_names_the_variable_to_change(workspace: FakeWorkspace, visit: Visit) -> None:
    workspace.routes["GET", f"{SCIM}/Groups"] = {}
    workspace.routes["GET", f"{SCIM}/ServicePrincipals"] = {}
    group = identities.group(visit, "ml-engineers").sentence
    assert group.endswith("or name another at databricks.yml: variables.ml_engineers")
    robot = identities.service_principal(visit, ROBOT).sentence
    assert robot.endswith("or name another at databricks.yml: targets.prod.variables.service_principal")


def test_a_name_with_quotes_does_not_change_the_question(workspace: FakeWorkspace, visit: Visit) -> None:
    identities.group(visit, 'the "old" ones')
    assert workspace.asked(f"{SCIM}/Groups")[0].query["filter"] == 'displayName eq "the \\"old\\" ones"'


def test_the_own_identity_is_not_looked_up(workspace: FakeWorkspace, visit: Visit) -> None:
    assert identities.user(visit, USER).ok is True
    assert not workspace.asked(f"{SCIM}/Users")


def test_a_placeholder_is_reported_and_not_looked_up(workspace: FakeWorkspace, visit: Visit) -> None:
    finding = identities.service_principal(visit, PLACEHOLDER)
    assert finding.ok is False
    assert "is a placeholder: put the application id of your own at" in finding.sentence
    assert identities.role(visit, PLACEHOLDER).ok is None
    assert not workspace.asked(f"{SCIM}/ServicePrincipals")
    assert not workspace.asked(RULES)


@pytest.mark.parametrize(
    ("who", "ok"),
    [
        (f"users/{USER}", True),
        ("groups/ml-engineers", True),
        ("groups/account users", True),
        ("groups/others", False),
        ("users/eve@example.org", False),
    ],
)
def test_running_jobs_as_a_service_principal_needs_its_user_role(
    workspace: FakeWorkspace, visit: Visit, who: str, *, ok: bool
) -> None:
    workspace.routes[RULE_SET] = rules("users/somebody@example.org", who)
    assert identities.role(visit, ROBOT).ok is ok
    asked = workspace.asked(RULES)[0].query
    assert asked == {"name": f"accounts/{ACCOUNT_ID}/servicePrincipals/{ROBOT}/ruleSets/default", "etag": ""}


def test_the_manager_role_is_not_enough(workspace: FakeWorkspace, visit: Visit) -> None:
    workspace.routes[RULE_SET] = rules(f"users/{USER}", role="roles/servicePrincipal.manager")
    finding = identities.role(visit, ROBOT)
    assert finding.ok is False
    assert f"grant the role Service Principal User on it to {USER}" in finding.sentence
    workspace.routes[RULE_SET] = {"name": "x", "etag": "x"}
    assert identities.role(visit, ROBOT).ok is False


def test_the_roles_of_a_missing_service_principal_are_not_checked(workspace: FakeWorkspace, visit: Visit) -> None:
    workspace.routes[RULE_SET] = error(404, "RESOURCE_DOES_NOT_EXIST", "none")
    assert identities.role(visit, ROBOT).ok is None


def forget_the_account(visit: Visit) -> None:
    visit.client.config.as_dict().pop("account_id", None)


def test_the_workspace_is_asked_for_the_account_s_id_if_the_sdk_does_not_know_it(
    workspace: FakeWorkspace, visit: Visit
) -> None:
    forget_the_account(visit)
    assert identities.role(visit, ROBOT).ok is True
    assert workspace.asked(RULES)[0].query["name"].startswith(f"accounts/{ACCOUNT_ID}/")


@pytest.mark.parametrize("facts", [{"workspace_id": "1"}, error(404, "ENDPOINT_NOT_FOUND", "none"), (200, [])])
def test_without_the_account_s_id_roles_are_not_checked(workspace: FakeWorkspace, visit: Visit, facts: object) -> None:
    forget_the_account(visit)
    workspace.routes["GET", "/.well-known/databricks-config"] = facts
    finding = identities.role(visit, ROBOT)
    assert finding.ok is None
    assert "set DATABRICKS_ACCOUNT_ID" in finding.sentence
    assert not workspace.asked(RULES)
