import mlflow
import pytest
from mlflow import MlflowClient

from mlops.errors import ProjectError
from mlops.registry import CHAMPION, ROLLED_BACK, Registry
from mlops.tasks import rollback

from conftest import Runner


@pytest.fixture
def registry(trained: dict[str, str]) -> Registry:
    """A model with three versions that passed; the third is champion, and the previous champion is the first."""
    for _ in range(2):
        MlflowClient().create_model_version(trained["model_name"], trained["model_uri"], run_id=trained["run_id"])
    registry = Registry(trained["model_name"])
    for version in ("1", "2", "3"):
        registry.set_status(version, "PASSED")
    registry.tag("3", "previous_champion", "1")
    registry.set_alias(CHAMPION, "3")
    return registry


def champion(registry: Registry) -> str:
    found = registry.champion()
    return str(found.version) if found else "none"


def test_a_rollback_restores_the_previous_champion_and_marks_the_bad_version(
    registry: Registry, run_task: Runner
) -> None:
    values = run_task(rollback, model_name=registry.name, reason="fares went wild")
    assert values == {"champion_version": "1", "rolled_back_version": "3"}
    assert champion(registry) == "1"
    assert registry.version("3").tags[ROLLED_BACK] == "fares went wild"


def test_the_version_to_go_back_to_can_be_given(registry: Registry, run_task: Runner) -> None:
    run_task(rollback, model_name=registry.name, reason="so", to_version="2")
    assert champion(registry) == "2"


def test_a_second_rollback_does_not_restore_the_bad_version(registry: Registry, run_task: Runner) -> None:
    run_task(rollback, model_name=registry.name, reason="so")
    with pytest.raises(ProjectError, match=r"version 1 of .* has no previous champion: give the version"):
        run_task(rollback, model_name=registry.name, reason="so")
    with pytest.raises(ProjectError, match=r"version 3 of .* was rolled back itself"):
        run_task(rollback, model_name=registry.name, reason="so", to_version="3")
    assert champion(registry) == "1"


def test_a_version_that_never_passed_cannot_become_champion(registry: Registry, run_task: Runner) -> None:
    registry.set_status("1", "FAILED")
    with pytest.raises(ProjectError, match=r"version 1 of .* never passed validation"):
        run_task(rollback, model_name=registry.name, reason="so")
    assert champion(registry) == "3"
    assert ROLLED_BACK not in registry.version("3").tags


def test_a_version_that_cannot_predict_cannot_become_champion(
    registry: Registry, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: str) -> None:
        raise RuntimeError("artifact lost")

    monkeypatch.setattr(mlflow.pyfunc, "load_model", lost)
    with pytest.raises(ProjectError, match=r"version 1 of .* cannot become champion: .* artifact lost"):
        run_task(rollback, model_name=registry.name, reason="so")
    assert champion(registry) == "3"


def test_a_rollback_needs_a_reason_and_a_champion(
    registry: Registry, trained: dict[str, str], run_task: Runner
) -> None:
    with pytest.raises(ProjectError, match="a rollback needs a reason"):
        run_task(rollback, model_name=registry.name, reason=" ")
    MlflowClient().delete_registered_model_alias(trained["model_name"], CHAMPION)
    with pytest.raises(ProjectError, match="has no champion, so there is nothing to roll back"):
        run_task(rollback, model_name=registry.name, reason="so")
