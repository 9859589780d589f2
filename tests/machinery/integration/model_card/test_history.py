"""The verdict of the card follows what the tasks record on the version."""

import mlflow
import pytest
from mlflow import MlflowClient

from mlops.model_card.publish import MARKDOWN
from mlops.registry import CHAMPION, Registry
from mlops.tasks import promote
from mlops_local.platform import LocalPlatform

from integration.conftest import prove
from running import Runner


@pytest.fixture
def passed(trained: dict[str, str], platform: LocalPlatform) -> dict[str, str]:
    """A version that passed validation."""
    prove(trained, platform)
    return trained


def card(parameters: dict[str, str]) -> str:
    found: str = mlflow.artifacts.load_text(f"runs:/{parameters['run_id']}/{MARKDOWN}")
    return found


def test_a_version_that_was_promoted_is_champion_since_then(passed: dict[str, str], run_task: Runner) -> None:
    run_task(promote, **passed)
    assert "**Champion since 20" in card(passed)


def test_a_version_that_does_not_beat_the_champion_was_not_promoted(passed: dict[str, str], run_task: Runner) -> None:
    same = MlflowClient().create_model_version(passed["model_name"], passed["model_uri"], run_id="")
    Registry(passed["model_name"]).set_alias(CHAMPION, str(same.version))
    run_task(promote, **passed)
    assert "**Passed validation, but was not promoted**\n\n- challenger" in card(passed)
    assert f"| champion now | version {same.version} |" in card(passed)


def test_a_champion_that_was_replaced_is_a_former_champion(passed: dict[str, str], run_task: Runner) -> None:
    run_task(promote, **passed)
    registry = Registry(passed["model_name"])
    next_version = MlflowClient().create_model_version(passed["model_name"], passed["model_uri"], run_id="")
    registry.set_alias(CHAMPION, str(next_version.version))
    run_task(promote, **passed | {"override_reason": "a test"})
    assert f"**Former champion: version {next_version.version} is champion now**" in card(passed)
