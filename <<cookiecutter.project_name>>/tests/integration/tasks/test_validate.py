import mlflow
import pytest
from mlflow import MlflowClient

from << cookiecutter.__package >> import config
from << cookiecutter.__package >>.config import Bound
from << cookiecutter.__package >>.errors import ProjectError
from << cookiecutter.__package >>.registry import CHALLENGER, STATUS_TAG
from << cookiecutter.__package >>.tasks import validate

from conftest import Runner

SETTINGS = config.load()


def bounds(monkeypatch: pytest.MonkeyPatch, bound: Bound) -> None:
    """Let the metric that decides have this bound."""
    changed = SETTINGS.model_copy(update={"validation": {SETTINGS.metric: bound}})
    monkeypatch.setattr(config, "load", lambda: changed)


def tags(trained: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = MlflowClient().get_model_version(trained["model_name"], trained["model_version"]).tags
    return found


def aliases(trained: dict[str, str]) -> dict[str, str]:
    found = MlflowClient().get_registered_model(trained["model_name"]).aliases
    return {alias: str(version) for alias, version in found.items()}


def test_a_version_within_its_bounds_passes_and_is_challenger(
    trained: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds(monkeypatch, Bound(min=0, max=1000))
    assert run_task(validate, **trained) == {"model_version": trained["model_version"]}
    assert tags(trained)[STATUS_TAG] == "PASSED"
    assert aliases(trained) == {CHALLENGER: trained["model_version"]}
    assert mlflow.get_run(trained["run_id"]).data.metrics[f"validate_{SETTINGS.metric}"] > 0


def test_a_version_outside_its_bounds_fails_with_its_reason_and_gets_no_alias(
    trained: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds(monkeypatch, Bound(min=2000))
    with pytest.raises(ProjectError, match=f"version 1 of .* failed: {SETTINGS.metric} .* is below 2000"):
        run_task(validate, **trained)
    assert tags(trained)[STATUS_TAG] == "FAILED"
    assert "is below 2000" in tags(trained)["model_validation_reasons"]
    assert aliases(trained) == {}


def test_a_validation_that_cannot_be_made_is_a_failure(trained: dict[str, str], run_task: Runner) -> None:
    with pytest.raises(ProjectError, match="no holdout rows of run nobody"):
        run_task(validate, **(trained | {"run_id": "nobody"}))
    assert tags(trained)[STATUS_TAG] == "FAILED"
    assert "no holdout rows of run nobody" in tags(trained)["model_validation_reasons"]
    assert aliases(trained) == {}


def test_the_status_is_pending_while_the_version_is_judged(
    trained: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def look(*_: object) -> None:
        seen.append(tags(trained)[STATUS_TAG])
        raise RuntimeError("stop here")

    monkeypatch.setattr(validate, "predict", look)
    with pytest.raises(RuntimeError, match="stop here"):
        run_task(validate, **trained)
    assert seen == ["PENDING"]
    assert tags(trained)[STATUS_TAG] == "FAILED"
