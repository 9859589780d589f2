import pytest

from mlops.errors import ProjectError
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
    assert pause.paused(registry)
    assert run_task(change_champion, action="resume", reason="repaired", **common)["champion_version"] == "1"
    assert not pause.paused(registry)
    assert registry.model_tags()[pause.RESUMED].count("repaired") == 1


def test_resuming_needs_a_reason_and_a_pause(common: dict[str, str], run_task: Runner) -> None:
    with pytest.raises(ProjectError, match="resuming promotion needs a reason"):
        run_task(change_champion, action="resume", **common)
    with pytest.raises(ProjectError, match="is not paused, so there is nothing to resume"):
        run_task(change_champion, action="resume", reason="repaired", **common)


def test_an_unknown_action_is_refused(common: dict[str, str], run_task: Runner) -> None:
    with pytest.raises(ProjectError, match="task parameter 'action' is 'delete': Input should be"):
        run_task(change_champion, action="delete", **common)
