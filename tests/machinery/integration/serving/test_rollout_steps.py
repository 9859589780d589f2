"""The steps of a rollout with a real registry, and an endpoint that can be changed by hand and stop half-way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from mlflow import MlflowClient

from mlops.config.serving import Serving
from mlops.errors import ProjectError
from mlops.promotion import pause
from mlops.registry import CHAMPION, ROLLED_BACK, Registry
from mlops.serving.rollout import record, steps
from mlops.serving.rollout.record import DECISION, OPEN, is_open, open_rollout, record_start
from mlops.serving.rollout.steps import OF_CHALLENGER, Steps
from mlops_local.platform import LocalPlatform

from integration.conftest import prove

CANARY = Serving(rollout="canary")
NOW = datetime(2026, 1, 5, tzinfo=UTC)


class Endpoint:
    """An endpoint in memory."""

    def __init__(self) -> None:
        self.served: dict[str, int] = {"1": 100}
        self.broken = False

    def shares(self) -> dict[str, int]:
        return dict(self.served)

    def serve(self, model_name: str, shares: Mapping[str, int]) -> None:
        assert model_name
        if self.broken:
            raise ProjectError("the endpoint did not become ready")
        self.served = dict(shares)


@pytest.fixture
def registry(trained: dict[str, str], platform: LocalPlatform) -> Registry:
    """A model with three versions, of which the first is champion and the second has passed validation."""
    for _ in range(2):
        MlflowClient().create_model_version(trained["model_name"], trained["model_uri"], run_id=trained["run_id"])
    prove(trained | {"model_version": "2"}, platform)
    registry = Registry(trained["model_name"])
    registry.set_alias(CHAMPION, "1")
    return registry


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
def step(registry: Registry, endpoint: Endpoint) -> Steps:
    """The steps of an open rollout of version 2, which has 5 % of the traffic."""
    share = open_rollout(registry, "2", "1", CANARY, NOW)
    endpoint.serve(registry.name, {"1": 100 - share, "2": share})
    record_start(registry, NOW)
    return Steps(registry, endpoint)


def champion(registry: Registry) -> str:
    found = registry.champion()
    return str(found.version) if found else "none"


def test_opening_a_rollout_again_changes_nothing(registry: Registry) -> None:
    assert is_open(registry) is None
    assert [open_rollout(registry, "2", "1", CANARY, NOW) for _ in range(2)] == [5, 5]
    before = registry.model_tags()[OPEN]
    record_start(registry, NOW)
    record_start(registry, datetime.now(UTC))
    assert before != registry.model_tags()[OPEN]
    assert open_rollout(registry, "2", "1", CANARY, NOW) == 5
    found = record.find(registry)
    assert found is not None
    assert [(one.share, one.start) for one in found.stages] == [(5, NOW.timestamp())]
    assert is_open(registry) == "2"


def test_one_rollout_at_a_time_and_one_for_each_version(step: Steps, registry: Registry) -> None:
    with pytest.raises(ProjectError, match=r"version 3 of .* the rollout of version 2 is open until 2026-01-19 00:00"):
        open_rollout(registry, "3", "1", CANARY, NOW)
    step.abort("worse")
    with pytest.raises(ProjectError, match=r"version 2 of .* was already compared online \(not promoted: worse"):
        open_rollout(registry, "2", "1", CANARY, NOW)
    assert open_rollout(registry, "3", "1", CANARY, NOW) == 5


def test_a_model_that_does_not_exist_yet_has_no_rollout() -> None:
    assert is_open(Registry("dev.nowhere.nothing")) is None


def test_a_challenger_is_widened_and_promoted(step: Steps, registry: Registry, endpoint: Endpoint) -> None:
    step.widen("2", 25, "not worse")
    assert endpoint.served == {"1": 75, "2": 25}
    step.widen("2", 25, "not worse")
    found = record.find(registry)
    assert found is not None
    assert [one.share for one in found.stages] == [5, 25]
    assert found.stages[0].end is not None
    assert step.finish("2", "better by far")
    assert (endpoint.served, champion(registry), is_open(registry)) == ({"2": 100}, "2", None)
    assert registry.version("2").tags[DECISION].startswith("promoted: better by far (20")
    assert registry.version("2").tags["previous_champion"] == "1"
    assert registry.version("1").tags[OF_CHALLENGER].startswith("version 2 promoted: better by far (20")
    assert not step.finish("2", "better by far")  # the job is repeated


def test_an_aborted_challenger_gets_no_traffic(step: Steps, registry: Registry, endpoint: Endpoint) -> None:
    assert step.abort("worse", version="3") is None  # the decision was about another rollout
    assert step.abort("worse") == "2"
    assert (endpoint.served, champion(registry), is_open(registry)) == ({"1": 100}, "1", None)
    assert registry.version("2").tags[DECISION].startswith("not promoted: worse (20")
    assert step.abort("worse") is None


@pytest.mark.parametrize(
    ("served", "action"), [({"1": 50, "2": 50}, "widen"), ({}, "widen"), ({"1": 100}, "finish"), ({"3": 100}, "finish")]
)
def test_an_endpoint_that_was_changed_by_hand_ends_the_rollout(
    step: Steps, registry: Registry, endpoint: Endpoint, served: dict[str, int], action: str
) -> None:
    endpoint.served = served
    step.widen("2", 25, "so") if action == "widen" else step.finish("2", "so")
    assert (endpoint.served, champion(registry), is_open(registry)) == ({"1": 100}, "1", None)
    assert "not promoted: the endpoint was changed by hand: it serves " in registry.version("2").tags[DECISION]


def spoil(registry: Registry, how: str) -> None:
    """Let something happen to the versions of an open rollout meanwhile."""
    if how == "deleted":
        MlflowClient().delete_model_version(registry.name, "2")
    elif how == "rolled back":
        registry.tag("2", ROLLED_BACK, "so")
    elif how == "other champion":
        registry.set_alias(CHAMPION, "3")
    elif how == "paused":
        pause.pause(registry, "a rollback")
    else:
        registry.tag("2", "validation_proof", '{"model": "another"}')


@pytest.mark.parametrize(
    ("how", "keeps", "reason"),
    [
        ("deleted", "1", "version 2 was deleted"),
        ("rolled back", "1", "version 2 was rolled back"),
        ("other champion", "3", "the champion is version 3, but version 2 was compared with 1"),
        ("paused", "1", "promotion is paused since"),
        ("other model", "1", "its model changed since then"),
    ],
)
def test_a_rollout_whose_versions_changed_is_not_finished(
    step: Steps, registry: Registry, endpoint: Endpoint, how: str, keeps: str, reason: str
) -> None:
    spoil(registry, how)
    assert not step.finish("2", "better")
    assert (endpoint.served, champion(registry), is_open(registry)) == ({keeps: 100}, keeps, None)
    assert reason in registry.version("1").tags[OF_CHALLENGER]


def test_an_endpoint_that_does_not_become_ready_leaves_the_rollout_open(
    step: Steps, registry: Registry, endpoint: Endpoint
) -> None:
    endpoint.broken = True
    for change in (lambda: step.widen("2", 25, "so"), lambda: step.finish("2", "so")):
        with pytest.raises(ProjectError, match="did not become ready"):
            change()
        assert (endpoint.served, champion(registry), is_open(registry)) == ({"1": 95, "2": 5}, "1", "2")
    endpoint.broken = False
    found = record.find(registry)
    assert found is not None
    assert (found.ending, found.why) == ("finish", "so")
    assert step.finish("2", found.why)


class Killed(Exception):  # noqa: N818 - not an error of the code
    """The process was killed."""


@pytest.mark.parametrize("action", ["widen", "finish", "abort"])
def test_a_step_that_is_killed_at_any_write_can_be_repeated(
    step: Steps, registry: Registry, endpoint: Endpoint, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    act: Mapping[str, Callable[[], object]] = {
        "widen": lambda: step.widen("2", 25, "so"),
        "finish": lambda: step.finish("2", "so"),
        "abort": lambda: step.abort("so"),
    }
    opened, writes, last = registry.model_tags()[OPEN], 0, 1
    while writes < last:
        left = [writes]
        with monkeypatch.context() as patch:
            for owner, name in (
                (Registry, "tag"),
                (Registry, "tag_model"),
                (Registry, "drop_model_tag"),
                (Registry, "set_alias"),
                (Endpoint, "serve"),
            ):
                patch.setattr(owner, name, killing(getattr(owner, name), left))
            try:
                act[action]()
                last = writes
            except Killed:
                last = writes + 2
        found = record.find(registry)
        if found is not None:
            act[found.ending or action]()
        ends: dict[str, tuple[dict[str, int], str, str | None]] = {
            "widen": ({"1": 75, "2": 25}, "1", "2"),
            "finish": ({"2": 100}, "2", None),
            "abort": ({"1": 100}, "1", None),
        }
        assert (endpoint.served, champion(registry), is_open(registry)) == ends[action], writes
        assert action == "widen" or DECISION in registry.version("2").tags
        registry.tag_model(OPEN, opened)
        registry.set_alias(CHAMPION, "1")
        endpoint.served = {"1": 95, "2": 5}
        writes += 1
    assert writes >= {"widen": 3, "finish": 7, "abort": 5}[action]


def killing(real: Callable[..., object], left: list[int]) -> Callable[..., object]:
    """Return a function that is killed instead of the last write that is left."""

    def write(*args: object, **kwargs: object) -> object:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return real(*args, **kwargs)

    return write


def test_a_long_reason_in_any_script_does_not_keep_a_rollout_open(step: Steps, registry: Registry) -> None:
    step.abort("Ошибка " * 200)
    assert is_open(registry) is None
    assert registry.version("2").tags[DECISION].startswith("not promoted: Ошибка")


def test_a_version_that_is_champion_already_is_recorded_as_promoted(step: Steps, registry: Registry) -> None:
    registry.set_alias(CHAMPION, "2")
    step.abort("somebody promoted it by hand")
    assert registry.version("2").tags[DECISION].startswith("promoted: somebody promoted it by hand")


def test_the_record_tells_what_is_wrong_with_it(registry: Registry) -> None:
    registry.tag_model(OPEN, "7")
    with pytest.raises(ProjectError, match="the tag rollout_open of the registered model is not the record"):
        is_open(registry)
    assert steps.exists(registry, "1")
