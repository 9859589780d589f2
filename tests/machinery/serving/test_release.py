"""A release ends with a new champion that answers, or with everything as it was, also after a kill at any point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from databricks.sdk import WorkspaceClient
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

from mlops.errors import ProjectError
from mlops.serving.endpoint import Endpoint, EndpointError
from mlops.serving.release import Releases
from mlops.serving.settings import ServingParameters

from fake_endpoints import FakeEndpoints
from fake_workspace import Request

ROWS = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [0.5, None, 2.5]})


class Killed(BaseException):
    """The process is gone: nothing that handles errors runs."""


class Settings:
    """As much of a configuration as a trial reads: x comes with the request, y is looked up."""

    features = ("x", "y")

    class feature_set:  # noqa: N801 - an attribute of the configuration
        request = ("x",)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of two registered versions without the number: both predict 2 x, whatever y is."""
    folder: Path = tmp_path_factory.mktemp("registry")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.set_registry_uri(f"sqlite:///{folder / 'mlflow.db'}")
    experiment = mlflow.create_experiment("serving", (folder / "files").as_uri())
    frame = ROWS.fillna(0.0)
    fitted = LinearRegression(fit_intercept=False).fit(frame, 2 * frame["x"])
    for _ in range(2):
        with mlflow.start_run(experiment_id=experiment):
            mlflow.sklearn.log_model(
                fitted,
                name="model",
                signature=infer_signature(frame, fitted.predict(frame)),
                registered_model_name="dev.s.m",
                pip_requirements=["scikit-learn"],
                serialization_format="cloudpickle",
            )
    yield "dev.s.m"
    mlflow.set_tracking_uri(before)
    mlflow.set_registry_uri(before)


def double(rows: list[dict[str, Any]]) -> list[float]:
    return [2 * row["x"] for row in rows]


class World:
    """An endpoint, an alias, and the releases between them."""

    def __init__(self, client: WorkspaceClient, fake: FakeEndpoints, model_name: str) -> None:
        settings = ServingParameters(endpoint_name="shop", endpoint_minutes=1)
        config: Any = Settings
        self.fake, self.champion = fake, ""
        self.releases = Releases(Endpoint(client, settings, pause_seconds=0.001), model_name, config)
        fake.polls = 1
        fake.models = {"1": double, "2": double}

    def release(self, version: str) -> bool:
        return self.release_with(version, ROWS.dropna(), lambda: self.move(version))

    def release_with(self, version: str, rows: pd.DataFrame, move: Callable[[], bool]) -> bool:
        with self.releases.serve_alone(version, rows):
            return move()

    def begin_rollout(self, version: str, champion: str, record: Callable[[], int]) -> None:
        with self.releases.serve_beside(version, ROWS.dropna()):
            share = record()
            self.releases.endpoint.serve(self.releases.model_name, {champion: 100 - share, version: share})

    def move(self, version: str) -> bool:
        self.champion = version
        return True


@pytest.fixture
def world(client: WorkspaceClient, fake: FakeEndpoints, model: str) -> World:
    return World(client, fake, model)


def test_the_first_version_gets_all_requests_and_the_next_one_after_its_trial(world: World) -> None:
    assert world.release("1")
    assert (world.fake.shares(), world.champion) == ({"1": 100}, "1")

    served = []
    world.fake.models["2"] = lambda rows: served.append(world.fake.shares()) or double(rows)
    assert world.release("2")

    assert served == [{"1": 100, "2": 0}] * 2  # with all features, and without those that are looked up
    assert (world.fake.shares(), world.champion) == ({"2": 100}, "2")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda rows: [2 * row["x"] + 0.01 for row in rows], "answers 2.01 instead of 2 on the endpoint"),
        (lambda _: [1.0], "answered 2 rows with 1 predictions"),
        (lambda _: "no list", "which are no predictions"),
        (
            lambda _: (400, {"error_code": "BAD_REQUEST", "message": "Incompatible input types"}),
            "endpoint shop, version 2, answered a request with BadRequest: Incompatible input types",
        ),
        (
            lambda rows: [2 * row["x"] if "y" in row else None for row in rows],
            "answers requests without features with values that are not finite",
        ),
    ],
    ids=["wrong", "too few", "no predictions", "error", "nothing looked up"],
)
def test_a_version_that_does_not_answer_as_it_should_gets_no_request(
    world: World, answer: Callable[[list[dict[str, Any]]], Any], told: str
) -> None:
    world.release("1")
    world.fake.models["2"] = answer

    with pytest.raises(ProjectError, match=told):
        world.release("2")
    assert (world.fake.shares(), world.champion) == ({"1": 100}, "1")


def test_a_row_with_an_unknown_feature_is_not_compared_because_the_endpoint_looks_it_up(world: World) -> None:
    world.release("1")
    world.fake.models["2"] = lambda rows: [
        2 * row["x"] + (row.get("y") is None) for row in rows
    ]  # y changes nothing here

    assert world.release_with("2", ROWS, lambda: world.move("2"))
    assert world.release_with("1", ROWS.assign(y=None), lambda: world.move("1"))


def test_a_first_version_that_answers_wrongly_leaves_no_endpoint(world: World) -> None:
    world.fake.models["1"] = lambda rows: [0.0 for _ in rows]

    with pytest.raises(ProjectError, match="instead of"):
        world.release("1")
    assert (world.fake.endpoint, world.champion) == (None, "")


def test_an_alias_that_cannot_be_moved_takes_the_release_back(world: World) -> None:
    world.release("1")

    def refuse() -> bool:
        raise ProjectError("the champion changed")

    with pytest.raises(ProjectError, match="the champion changed"):
        world.release_with("2", ROWS.dropna(), refuse)
    assert world.fake.shares() == {"1": 100}


def test_a_version_that_does_not_start_tells_why(world: World) -> None:
    world.release("1")
    world.fake.broken["2"] = "container failed: No module named 'lightgbm'"

    with pytest.raises(EndpointError, match="No module named 'lightgbm'"):
        world.release("2")
    assert (world.fake.shares(), world.champion) == ({"1": 100}, "1")


def test_a_kill_at_any_request_is_put_right_by_the_next_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.release("1")
    before = len(world.fake.workspace.requests)
    world.release("2")
    requests = len(world.fake.workspace.requests) - before
    assert requests > 5

    session = world.releases.endpoint.client.api_client._api_client._session  # noqa: SLF001 - the network's edge
    send = session.send
    for number in range(requests):
        world.releases.align("1")
        world.champion = "1"
        left = [number]

        def stop(*args: Any, left: list[int] = left, **more: Any) -> Any:  # noqa: ANN401 - of requests
            if not left[0]:
                raise Killed
            left[0] -= 1
            return send(*args, **more)

        with monkeypatch.context() as patch:
            patch.setattr(session, "send", stop)
            with pytest.raises(Killed):
                world.release("2")
        if number % 2:  # the same version again, or the next run keeps the champion
            world.release("2")
            assert (world.fake.shares(), world.champion) == ({"2": 100}, "2"), number
        else:
            world.releases.align(world.champion)
            assert world.fake.shares() == {world.champion: 100}, number


def test_a_kill_after_the_endpoint_changed_and_before_the_alias_moved_is_put_right(world: World) -> None:
    world.release("1")

    def killed() -> bool:
        raise Killed

    with pytest.raises(Killed):
        world.release_with("2", ROWS.dropna(), killed)
    assert (world.fake.shares(), world.champion) == ({"2": 100}, "1")

    world.releases.align(world.champion)
    assert world.fake.shares() == {"1": 100}


def test_a_rollout_begins_with_the_share_that_is_recorded(world: World) -> None:
    world.release("1")
    world.begin_rollout("2", "1", lambda: 5)

    assert (world.fake.shares(), world.champion) == ({"1": 95, "2": 5}, "1")


def test_a_rollout_that_cannot_be_recorded_does_not_begin(world: World) -> None:
    world.release("1")

    def refuse() -> int:
        raise ProjectError("the rollout of version 3 is open")

    with pytest.raises(ProjectError, match="version 3"):
        world.begin_rollout("2", "1", refuse)
    assert world.fake.shares() == {"1": 100}


def test_the_rows_of_a_trial_have_times_and_missing_values_as_json(world: World) -> None:
    sent: list[Request] = []
    world.release("1")
    endpoint = world.releases.endpoint
    frame = pd.DataFrame({"x": [1.0], "at": [pd.Timestamp("2026-01-02 03:04:05.5")], "y": [np.nan]})
    world.fake.models["1"] = lambda rows: sent.extend(rows) or [2.0]

    assert list(endpoint.query(frame, "1")) == [2.0]
    assert sent == [{"x": 1.0, "at": "2026-01-02T03:04:05.500000", "y": None}]
