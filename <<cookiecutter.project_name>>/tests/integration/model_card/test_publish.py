import logging
from uuid import uuid4

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from mlops.config.load import ProjectConfig
from mlops.model_card import publish as cards
from mlops.registry import STATUS_TAG, Registry
from mlops.validation import report

from example import PROJECT

SETTINGS = PROJECT.config
CHECKS = [
    {"name": "rmse", "passed": True, "skipped": False, "value": 2.5, "bound": "at most 8", "reason": "rmse is fine"},
    {"name": "slice night", "passed": True, "skipped": True, "value": 3, "bound": "at least 50", "reason": "3 rows"},
    {"name": "signature", "passed": False, "skipped": False, "value": None, "bound": "", "reason": "it lacks outputs"},
]


@pytest.fixture
def registry(experiment_id: str) -> Registry:
    """A model whose first version has a run with all information, and whose second version has an empty run."""
    client = MlflowClient()
    found = Registry(f"dev.s.m{uuid4().hex[:8]}")
    client.create_registered_model(found.name)
    for _ in range(2):
        run = client.create_run(experiment_id)
        client.create_model_version(found.name, source=run.info.artifact_uri, run_id=run.info.run_id)
    run_id = found.version("1").run_id
    params = {"source_table": "dev.raw.trips", "source_version": "12", "train_rows": "700", "holdout_rows": "150"}
    for key, value in (params | dict.fromkeys(SETTINGS.search.space, "0.125") | {"algorithm": "Trees"}).items():
        client.log_param(run_id, key, value)
    for place, rows in enumerate(("train", "validation", "holdout", "baseline_holdout")):
        client.log_metric(run_id, f"{rows}_{SETTINGS.metric}", 1.5 + place)
    client.log_dict(run_id, CHECKS, report.FILE)  # type: ignore[arg-type]
    client.log_dict(run_id, {"importance": {"trip_distance": 6.5}, "unit": "miles"}, cards.IMPORTANCE_FILE)
    client.log_text(run_id, "", "explain/importance.png")
    found.client.update_model_version(found.name, "1", "Predicts well.")
    tags = {STATUS_TAG: "FAILED", "model_validation_reasons": "2 of 3", "deployment_decision": "kept: no better"}
    tags |= {"previous_champion": "7", "comparison": "worse there", "git_commit": "abc123", "owner": "taxi-team"}
    for key, value in (tags | {"data_from": "2016-01-01", "data_to": "2016-02-29"}).items():
        found.tag("1", key, value)
    return found


def text(registry: Registry, version: str) -> str:
    run_id = registry.version(version).run_id
    found: str = mlflow.artifacts.load_text(f"runs:/{run_id}/{cards.MARKDOWN}")
    return found


def test_the_card_shows_the_content_of_the_run_and_the_version(registry: Registry) -> None:
    cards.refresh(SETTINGS, registry.name, "1")
    card = text(registry, "1")
    for line in (
        f"# {registry.name}, version 1",
        "| description | Predicts well. |",
        f"| problem | {SETTINGS.problem_type} |",
        f"| label | {SETTINGS.label} |",
        "| algorithm | Trees |",
        f"| hyperparameters | {', '.join(f'{name} = 0.125' for name in SETTINGS.search.space)} |",
        "| source table | dev.raw.trips |",
        "| its version | 12 |",
        "| time span | 2016-01-01 to 2016-02-29 |",
        "| rows | 700 train, 150 holdout |",
        "| metric | train | validation | holdout | naive baseline |",
        f"| {SETTINGS.metric} | 1.5 | 2.5 | 3.5 | 4.5 |",
        "| slice night | skipped | 3 | at least 50 | 3 rows |",
        "| status | FAILED |",
        "| rmse | passed | 2.5 | at most 8 | rmse is fine |",
        "| signature | FAILED |  |  | it lacks outputs |",
        "| decision | kept: no better |",
        "| previous champion | 7 |",
        "| comparison | worse there |",
        "| feature | mean absolute SHAP value, in miles |",
        "| trip_distance | 6.5 |",
        "| owner | taxi-team |",
        "| git commit | abc123 |",
        f"| MLflow run | {registry.version('1').run_id} |",
        "- [importance.png](../explain/importance.png)",
    ):
        assert line in card.splitlines()
    assert "not yet" not in card
    assert "importance.json" not in card


def test_the_version_is_tagged_with_the_location_of_its_card(registry: Registry) -> None:
    cards.refresh(SETTINGS, registry.name, "1")
    found = registry.version("1").tags
    assert found["model_card"] == f"runs:/{registry.version('1').run_id}/card/model_card.html"
    assert mlflow.artifacts.load_text(found["model_card"]).startswith("<!DOCTYPE html>")
    assert "model_card_error" not in found


def test_a_version_without_any_information_has_a_card_too(registry: Registry) -> None:
    cards.refresh(SETTINGS, registry.name, "2")
    assert text(registry, "2").count("not yet") >= 10
    assert "model_card_error" not in registry.version("2").tags


def test_a_version_just_trained_has_a_card(trained: dict[str, str]) -> None:
    cards.refresh(SETTINGS, trained["model_name"], trained["model_version"])
    card = mlflow.artifacts.load_text(f"runs:/{trained['run_id']}/{cards.MARKDOWN}")
    assert f"# {trained['model_name']}, version {trained['model_version']}" in card
    assert "| metric | train | validation | holdout | naive baseline |" in card
    assert all(f"{name} = " in card for name in SETTINGS.search.space)


def test_information_that_arrives_while_the_card_is_written_is_on_the_card(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect = cards.collect
    late = iter(["late news"])

    def slow(settings: ProjectConfig, of: Registry, version: str) -> object:
        card = collect(settings, of, version)
        for news in late:
            of.tag(version, "deployment_decision", news)
        return card

    monkeypatch.setattr(cards, "collect", slow)
    cards.refresh(SETTINGS, registry.name, "2")
    assert "| decision | late news |" in text(registry, "2")


@pytest.mark.parametrize("broken", ["log_text", "get_run", "list_artifacts"])
def test_an_error_is_not_raised_but_recorded_on_the_version_until_the_next_success(
    registry: Registry, broken: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise MlflowException("no store\ntoday")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(MlflowClient, broken, fail)
        cards.refresh(SETTINGS, registry.name, "2")
    assert "MlflowException: no store" in caplog.text
    assert registry.version("2").tags["model_card_error"] == "MlflowException: no store"
    assert "model_card" not in registry.version("2").tags
    cards.refresh(SETTINGS, registry.name, "2")
    assert "model_card_error" not in registry.version("2").tags


def test_a_broken_file_of_the_run_raises_no_error(registry: Registry) -> None:
    registry.client.log_text(registry.version("2").run_id, "no JSON", report.FILE)
    cards.refresh(SETTINGS, registry.name, "2")
    assert "model_card_error" in registry.version("2").tags


def test_a_version_that_does_not_exist_raises_no_error(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        cards.refresh(SETTINGS, registry.name, "9")
    assert "has no version 9" in caplog.text


def test_a_registry_that_does_not_answer_raises_no_error(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MlflowException("down")

    monkeypatch.setattr(MlflowClient, "get_model_version", fail)
    monkeypatch.setattr(MlflowClient, "set_model_version_tag", fail)
    cards.refresh(SETTINGS, registry.name, "1")
