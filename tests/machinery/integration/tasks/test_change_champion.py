from functools import partial

import pytest

from mlops.errors import ProjectError
from mlops.parameters import Parameters, parse, requirements, text_problem
from mlops.promotion import pause
from mlops.registry import CHAMPION, Registry
from mlops.tasks import change_champion
from mlops_local.platform import LocalPlatform

from integration.conftest import prove
from running import Runner


@pytest.fixture
def common(trained: dict[str, str]) -> dict[str, str]:
    """What the job `promotion` gives to every action."""
    schema = trained["model_name"].rpartition(".")[0]
    return trained | {"rolled_back_table": f"{schema}.rolled_back_versions"}


def test_a_version_is_promoted_rolled_back_and_promotion_resumed(
    common: dict[str, str], run_task: Runner, platform: LocalPlatform
) -> None:
    prove(common, platform)
    values = run_task(change_champion, action="promote", **common)
    assert values == {"champion_version": "1", "promoted": "true", "rolled_back_version": "none"}
    registry = Registry(common["model_name"])
    second = str(
        registry.client.create_model_version(registry.name, common["model_uri"], run_id=common["run_id"]).version
    )
    registry.set_alias(CHAMPION, second)
    values = run_task(change_champion, action="rollback", reason="fares went wild", to_version="1", **common)
    assert values == {"champion_version": "1", "promoted": "false", "rolled_back_version": second}
    assert pause.pause_reason(registry.model_tags())
    assert run_task(change_champion, action="resume", reason="repaired", **common)["champion_version"] == "1"
    assert not pause.pause_reason(registry.model_tags())
    assert registry.model_tags()[pause.RESUMED].count("repaired") == 1


def test_resuming_needs_a_reason_and_a_pause(common: dict[str, str], run_task: Runner) -> None:
    with pytest.raises(ProjectError, match="the action resume needs the parameter reason: give"):
        run_task(change_champion, action="resume", **common)
    with pytest.raises(ProjectError, match="is not paused, so there is nothing to resume"):
        run_task(change_champion, action="resume", reason="repaired", **common)


def test_an_unknown_action_is_refused(common: dict[str, str], run_task: Runner) -> None:
    with pytest.raises(
        ProjectError,
        match="task parameter 'action' is 'delete': choose one of promote, rollback, resume, widen, finish, abort",
    ):
        run_task(change_champion, action="delete", **common)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"action": "promote"}, "promote needs the parameters model_version and training_table: give them values"),
        ({"action": "rollback", "reason": " "}, "rollback needs the parameters reason and rolled_back_table"),
        (
            {"action": "widen", "reason": "it is better", "model_version": "2", "endpoint_name": "shop"},
            "parameter share",
        ),
        ({"action": "finish", "reason": "it is better", "endpoint_name": "shop"}, "the parameter model_version"),
        (
            {"action": "abort", "reason": "it is worse"},
            "the action abort needs the parameter endpoint_name: give it a value",
        ),
    ],
    ids=lambda given: given["action"] if isinstance(given, dict) else "",
)
def test_an_action_without_one_of_its_parameters_is_refused(given: dict[str, str], missing: str) -> None:
    blank = dict.fromkeys(["model_uri", "model_version", "training_table", "reason", "to_version", "share"], "")
    argv = [f"--{name}={value}" for name, value in (blank | {"model_name": "dev.s.m"} | given).items()]
    with pytest.raises(ProjectError, match=missing) as caught:
        parse(change_champion.Parameters, argv)
    assert str(caught.value).count("needs the parameter") == 1


def test_an_action_has_exactly_its_own_parameters() -> None:
    every = {
        "share": "50",
        "pause": "false",
        "override_reason": "so",
        "to_version": "1",
        "run_id": "r",
        "model_uri": "u",
    }
    every |= {"model_name": "dev.s.m", "model_version": "2", "training_table": "dev.s.t", "reason": "worse"}
    every |= {"rolled_back_table": "dev.s.r", "endpoint_name": "shop"}
    own = {
        "promote": {"model_uri", "model_version", "run_id", "training_table", "override_reason"},
        "rollback": {"reason", "rolled_back_table", "training_table", "to_version", "pause"},
        "resume": {"reason"},
        "widen": {"model_version", "share", "reason"},
        "finish": {"model_version", "reason"},
        "abort": {"model_version", "reason"},
    }
    for action, names in own.items():
        argv = [f"--{name}={value}" for name, value in (every | {"action": action}).items()]
        parsed: Parameters = parse(change_champion.Parameters, argv)
        assert parsed.model_fields_set == names | {"action", "model_name", "endpoint_name"}


def test_the_text_of_a_parameter_is_valid_if_an_action_accepts_it() -> None:
    problem = partial(text_problem, change_champion.Parameters)
    assert problem("share", "") is None
    assert "greater than 0" in str(problem("share", "0"))
    assert "valid boolean" in str(problem("pause", "perhaps"))
    assert problem("action", "deploy") == "choose one of promote, rollback, resume, widen, finish, abort"
    assert problem("endpoint_name", "a shop") is not None
    assert requirements(change_champion.Parameters)["model_name"] is True
    assert requirements(change_champion.Parameters)["reason"] is False
    assert requirements(change_champion.Parameters)["action"] is True
