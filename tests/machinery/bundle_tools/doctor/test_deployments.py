import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bundle_tools.doctor import access, deployments
from bundle_tools.doctor.access import Visit

from fake_workspace import EXPORT, ROBOT, UNITY, USER, FakeWorkspace, Request, error

FOLDER = f"/Workspace/Users/{USER}/.bundle/taxi/prod/state"
SCHEMA = ("GET", f"{UNITY}/schemas/prod.taxi")


def files(workspace: FakeWorkspace, **contents: object) -> None:
    """Put files into the folder of the state: lock, resources or terraform."""
    names = {"lock": "deploy.lock", "resources": "resources.json", "terraform": "terraform.tfstate"}
    there = {f"{FOLDER}/{names[name]}": content for name, content in contents.items()}

    def export(request: Request) -> object:
        if request.query["path"] not in there:
            return error(404, "RESOURCE_DOES_NOT_EXIST", "none")
        content = there[request.query["path"]]
        return 200, content if isinstance(content, bytes) else json.dumps(content).encode()

    workspace.routes["GET", EXPORT] = export


def test_a_lock_that_a_killed_deployment_left_is_shown_with_its_owner(workspace: FakeWorkspace, visit: Visit) -> None:
    assert deployments.state_folder(visit.bundle) == [FOLDER]
    assert deployments.lock(visit, FOLDER).ok is True
    # As Go writes it: nanoseconds, and the offset of the deployer's machine (libs/locker/locker.go of the CLI).
    when = "2026-01-02T03:04:05.123456789+01:00"
    files(workspace, lock={"ID": "0b0e", "AcquisitionTime": when, "IsForced": False, "User": "eve@example.org"})
    finding = deployments.lock(visit, FOLDER)
    assert finding.ok is False
    assert finding.sentence.startswith(f"eve@example.org has held the lock of the deployment since {when}: ")
    assert "make deploy TARGET=prod FORCE_LOCK=1" in finding.sentence


@pytest.mark.parametrize("content", [b"", b"{", b"[]", {}])
def test_a_lock_that_cannot_be_read_is_one_all_the_same(
    workspace: FakeWorkspace, visit: Visit, content: object
) -> None:
    files(workspace, lock=content)
    finding = deployments.lock(visit, FOLDER)
    assert finding.ok is False
    assert finding.sentence.startswith("somebody has held the lock of the deployment: that deployment was cut off")


def test_a_deployment_that_is_running_holds_nobody_up(workspace: FakeWorkspace, visit: Visit) -> None:
    when = (datetime.now(UTC) - timedelta(minutes=3)).isoformat()
    files(workspace, lock={"ID": "0b0e", "AcquisitionTime": when, "IsForced": False, "User": "eve@example.org"})
    finding = deployments.lock(visit, FOLDER)
    assert finding.ok is True
    assert finding.sentence.startswith("eve@example.org has been deploying for 3 minutes; ")


@pytest.mark.parametrize(
    "state",
    [
        {"resources": {"state": {"resources.schemas.ml": {"__id__": "prod.taxi", "state": {"name": "taxi"}}}}},
        {
            "terraform": {
                "resources": [{"type": "databricks_schema", "instances": [{"attributes": {"id": "prod.taxi"}}]}]
            }
        },
    ],
)
def test_a_schema_of_this_deployment_is_known_by_its_state(
    workspace: FakeWorkspace, visit: Visit, state: dict[str, object]
) -> None:
    workspace.routes[SCHEMA] = {"name": "taxi", "owner": ROBOT}
    files(workspace, **state)
    assert deployments.owner_of_schema(visit, "prod.taxi").ok is True


@pytest.mark.parametrize("state", [{}, {"resources": {"state": {"resources.jobs.a": {"__id__": "1"}}}}])
def test_a_schema_that_another_deployment_created_is_not_taken_over_silently(
    workspace: FakeWorkspace, visit: Visit, state: dict[str, object]
) -> None:
    workspace.routes[SCHEMA] = {"name": "taxi", "owner": ROBOT}
    files(workspace, **state)
    finding = deployments.owner_of_schema(visit, "prod.taxi")
    assert finding.ok is False
    assert f"(owner {ROBOT}), and the deployment in {FOLDER} did not create it" in finding.sentence
    assert "set at databricks.yml: variables.schema" in finding.sentence
    assert finding.sentence.endswith("databricks bundle deployment bind ml prod.taxi --target prod")


def test_a_state_that_is_not_visible_is_no_proof(workspace: FakeWorkspace, visit: Visit) -> None:
    workspace.routes[SCHEMA] = {"name": "taxi", "owner": ROBOT}
    stranger = replace(visit, me=access.Me("eve@example.org", frozenset()))
    finding = deployments.owner_of_schema(stranger, "prod.taxi")
    assert finding.ok is None
    assert finding.sentence.endswith(f"{FOLDER} is not visible to you")
