"""An online store is created once, waited for with progress until it can be used, and named as a host."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databricks.sdk import WorkspaceClient

from mlops.errors import ProjectError
from mlops.feature_store.online_stores import require_available
from mlops.feature_store.store_names import name_problem

from fake_workspace import FakeWorkspace, Reply, Request, error

# FeatureStoreAPI of databricks-sdk 0.67 (databricks/sdk/service/ml.py); the states are those of OnlineStoreState.
STORES = "/api/2.0/feature-store/online-stores"


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWorkspace]:
    with FakeWorkspace() as fake:
        monkeypatch.setenv("DATABRICKS_HOST", fake.url)
        monkeypatch.setenv("DATABRICKS_TOKEN", "token")
        monkeypatch.setenv("DATABRICKS_CONFIG_FILE", "/dev/null")
        yield fake


class Stores:
    """The stores of a workspace: each look at one takes the next of its states, and the last one stays."""

    def __init__(self, workspace: FakeWorkspace, *states: str, there: bool = False) -> None:
        self.states, self.there, self.created = list(states), there, list[object]()
        workspace.routes["POST", STORES] = self.create
        workspace.routes["GET", f"{STORES}/shop"] = self.get

    def get(self, _: Request) -> Reply:
        if not self.there:
            return error(404, "NOT_FOUND", "Online store shop does not exist")
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"name": "shop", "capacity": "CU_1", **({"state": state} if state else {})}

    def create(self, request: Request) -> Reply:
        if self.there:
            return error(409, "ALREADY_EXISTS", "Online store shop exists")
        self.there = True
        self.created.append(request.body)
        return {"name": "shop", "capacity": "CU_1", "state": "STARTING"}


def use(**limits: float) -> None:
    require_available(WorkspaceClient(), "shop", "CU_1", **{"pause_seconds": 0.0, **limits})


def test_a_store_is_created_and_used_only_when_it_is_available(
    workspace: FakeWorkspace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    stores = Stores(workspace, "STARTING", "UPDATING", "AVAILABLE")
    use()
    assert stores.created == [{"name": "shop", "capacity": "CU_1"}]
    assert stores.states == ["AVAILABLE"]
    assert "online store shop is STARTING: waiting since 0.0 of at most 30 minutes" in caplog.text
    assert "online store shop is UPDATING" in caplog.text


def test_a_store_that_is_available_is_used_at_once(workspace: FakeWorkspace) -> None:
    stores = Stores(workspace, "AVAILABLE", there=True)
    use()
    assert stores.created == []


def test_a_store_that_another_job_has_just_created_is_waited_for(workspace: FakeWorkspace) -> None:
    stores = Stores(workspace, "STARTING", "AVAILABLE")
    create = stores.create

    def too_late(request: Request) -> Reply:
        create(request)
        return error(409, "ALREADY_EXISTS", "Online store shop exists")

    workspace.routes["POST", STORES] = too_late
    use()
    assert stores.states == ["AVAILABLE"]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("STARTING", "the online store shop is STARTING after 0 minutes: look at it .* run the job again"),
        ("STOPPED", "the online store shop is STOPPED after 0 minutes"),
        ("", "the online store shop is in a state that is not known after 0 minutes"),
        ("DELETING", "the online store shop is being deleted: run the job again when it is gone"),
    ],
)
def test_a_store_that_cannot_be_used_in_time_is_named_with_its_state(
    workspace: FakeWorkspace, state: str, message: str
) -> None:
    Stores(workspace, state, there=True)
    with pytest.raises(ProjectError, match=message):
        use(wait_minutes=0.0)


@pytest.mark.parametrize("name", ["a", "shop", "nyc-taxi-prod", "2shops", "x" * 63])
def test_a_host_name_is_accepted(name: str) -> None:
    assert name_problem(name) == ""


@pytest.mark.parametrize("name", ["nyc_taxi-prod", "Shop", "-shop", "shop-", "a.b", "", "x" * 64, "größe"])
def test_another_name_is_refused_before_anything_is_created(workspace: FakeWorkspace, name: str) -> None:
    with pytest.raises(ProjectError, match="has no valid name: use at most 63 characters from a-z, 0-9 and -"):
        require_available(WorkspaceClient(), name, "CU_1")
    assert not [request for request in workspace.requests if "online-stores" in request.path]
