import numpy as np
import pytest
from mlflow import MlflowClient

from << cookiecutter.__package >> import config
from << cookiecutter.__package >>.errors import ProjectError
from << cookiecutter.__package >>.registry import CHAMPION, Registry, uri
from << cookiecutter.__package >>.tasks import comparison, deploy

from conftest import Runner

SETTINGS = config.load()


@pytest.fixture
def passed(trained: dict[str, str]) -> dict[str, str]:
    """A version that passed validation."""
    Registry(trained["model_name"]).set_status(trained["model_version"], "PASSED")
    return trained


@pytest.fixture
def champion(passed: dict[str, str]) -> str:
    """Another version of the same model, already champion: the same artifact, so exactly as good."""
    version = MlflowClient().create_model_version(passed["model_name"], passed["model_uri"], run_id=passed["run_id"])
    Registry(passed["model_name"]).set_alias(CHAMPION, str(version.version))
    return str(version.version)


def aliases(parameters: dict[str, str]) -> dict[str, str]:
    found = MlflowClient().get_registered_model(parameters["model_name"]).aliases
    return {alias: str(version) for alias, version in found.items()}


def decision(parameters: dict[str, str]) -> str:
    tags = MlflowClient().get_model_version(parameters["model_name"], parameters["model_version"]).tags
    return str(tags["deployment_decision"])


def test_the_first_version_becomes_champion_if_it_beats_the_naive_baseline(
    passed: dict[str, str], run_task: Runner
) -> None:
    assert run_task(deploy, **passed) == {"promoted": "true", "champion_version": "1"}
    assert aliases(passed) == {CHAMPION: "1"}
    assert decision(passed).startswith(f"promoted: challenger {SETTINGS.metric}")
    assert "the naive baseline" in decision(passed)


def test_a_first_version_that_is_no_better_than_naive_is_not_promoted(
    passed: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    worthless = 1e6 if SETTINGS.problem_type == "regression" else 0.5
    monkeypatch.setattr(comparison, "predict", lambda _, rows: np.full(len(rows), worthless))
    assert run_task(deploy, **passed) == {"promoted": "false", "champion_version": "none"}
    assert aliases(passed) == {}


def test_a_challenger_that_is_no_better_leaves_the_champion(
    passed: dict[str, str], champion: str, run_task: Runner
) -> None:
    assert run_task(deploy, **passed) == {"promoted": "false", "champion_version": champion}
    assert aliases(passed) == {CHAMPION: champion}
    assert decision(passed).startswith("kept: ")
    assert f"champion version {champion}" in decision(passed)


def test_a_better_challenger_takes_the_alias_and_remembers_the_champion_before(
    passed: dict[str, str], champion: str, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = comparison.predict

    def predict(model_uri: str, rows: object) -> object:
        found = real(model_uri, rows)  # type: ignore[arg-type]
        worse = found[::-1]
        return worse if model_uri == uri(passed["model_name"], champion) else found

    monkeypatch.setattr(comparison, "predict", predict)
    assert run_task(deploy, **passed) == {"promoted": "true", "champion_version": "1"}
    assert aliases(passed) == {CHAMPION: "1"}
    tags = MlflowClient().get_model_version(passed["model_name"], "1").tags
    assert tags["previous_champion"] == champion


@pytest.mark.parametrize("status", [None, "PENDING", "FAILED"])
def test_only_a_version_that_passed_can_be_deployed(
    trained: dict[str, str], status: str | None, run_task: Runner
) -> None:
    if status is not None:
        Registry(trained["model_name"]).set_status(trained["model_version"], status)
    with pytest.raises(ProjectError, match=f"validation status {status}: only a version that passed"):
        run_task(deploy, **trained)
    assert aliases(trained) == {}


def test_a_champion_that_cannot_be_scored_is_no_win(
    passed: dict[str, str], champion: str, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = comparison.predict

    def predict(model_uri: str, rows: object) -> object:
        if model_uri == uri(passed["model_name"], champion):
            raise RuntimeError("artifact lost")
        return real(model_uri, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(comparison, "predict", predict)
    with pytest.raises(ProjectError, match=f"champion version {champion} .* no win .* artifact lost"):
        run_task(deploy, **passed)
    assert aliases(passed) == {CHAMPION: champion}


def test_deploying_the_champion_again_changes_nothing(passed: dict[str, str], run_task: Runner) -> None:
    run_task(deploy, **passed)
    assert run_task(deploy, **passed) == {"promoted": "false", "champion_version": "1"}
    assert aliases(passed) == {CHAMPION: "1"}
