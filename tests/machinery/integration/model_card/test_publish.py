import logging
from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from mlops.config.load import ProjectConfig
from mlops.model_card import collect
from mlops.model_card import publish as cards
from mlops.model_card.collect import IMPORTANCE_FILE
from mlops.registry import CHAMPION, STATUS_TAG, STATUS_TIME_TAG, Registry
from mlops.run_files import RunFiles
from mlops.training import inputs
from mlops.validation import report

from example import PROJECT

SETTINGS = PROJECT.config
ON_SLICE = {"name": "night", "where": "pickup_hour < 6", "rows": 117, "metric": "rmse", "worse": 1.627}
CHECKS = [
    {"name": "rmse", "passed": True, "value": 2.5, "bound": "at most 8", "reason": "rmse is fine", "margin": 0.6875},
    {"name": "slice night", "passed": True, "value": 5.0, "bound": "at most 9", "reason": "", "on_slice": ON_SLICE},
    {"name": "signature", "passed": False, "value": None, "bound": "", "reason": "it lacks outputs"},
]
PICTURE = b"\x89PNG picture"


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
    params = {
        "source_tables": "trips=dev.raw.trips",
        "source_version": "12",
        "train_rows": "7000",
        "holdout_rows": "150",
    }
    params |= {"train_from": "2016-01-01 00:06:56", "train_to": "2016-02-12 12:06:00"}
    params |= {"holdout_from": "2016-02-21 13:26:00", "holdout_to": "2016-02-29 23:58:21"}
    for key, value in (params | dict.fromkeys(SETTINGS.search.space, "0.125") | {"algorithm": "Trees"}).items():
        client.log_param(run_id, key, value)
    for place, rows in enumerate(("train", "validation", "holdout", "baseline_holdout")):
        client.log_metric(run_id, f"{rows}_{SETTINGS.metric}", 1.5 + place)
    client.log_dict(run_id, CHECKS, report.FILE)  # type: ignore[arg-type]
    client.log_dict(run_id, {"importance": {"trip_distance": 6.5}, "unit": "miles"}, IMPORTANCE_FILE)
    log_picture(found, "explain/importance.png", PICTURE)
    seen = inputs.describe(pd.DataFrame({"trip_distance": [float(max(miles, 10)) for miles in range(1, 1001)]}))
    client.log_dict(run_id, inputs.as_json(seen), inputs.FILE)  # type: ignore[arg-type]
    found.client.update_model_version(found.name, "1", "Predicts well.")
    tags = {
        STATUS_TAG: "FAILED",
        "model_validation_reasons": "2 of 3",
        "deployment_decision": "keep the champion: no better",
    }
    tags |= {
        "previous_champion": "7",
        "comparison": "worse there",
        "git_commit": "abc123",
        "mlops_version": "1.0.0",
        "owner": "taxi-team",
    }
    tags |= {"challenged_by": "version 8", "accepted_leakage": "tip", STATUS_TIME_TAG: "2026-11-25T10:02:00+00:00"}
    for key, value in (tags | {"data_from": "2016-01-01", "data_to": "2016-02-29"}).items():
        found.tag("1", key, value)
    found.tag_model("promotion_paused", "until the review")
    return found


def log_picture(registry: Registry, path: str, content: bytes) -> None:
    """Log bytes as a file of the run of the first version."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / path.rpartition("/")[2]
        file.write_bytes(content)
        registry.client.log_artifact(registry.version("1").run_id, str(file), path.rpartition("/")[0])


def page(registry: Registry) -> str:
    """Return the card of the first version as a page."""
    found: str = mlflow.artifacts.load_text(registry.version("1").tags["model_card"])
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
        "Predicts well.",
        "**Failed validation on 2026-11-25 10:02 UTC**",
        "- it lacks outputs",
        "- checks passed: 2 of 3",
        "| decision | keep the champion: no better |",
        "| replaced | version 7 |",
        "| last challenged by | version 8 |",
        "| compared with production | worse there |",
        "| accepted leakage | tip |",
        "| promotion paused | until the review |",
        "| signature | FAILED |  |  | it lacks outputs |",
        "| rmse | 2.5 | at most 8 | 69 % |",
        "| night | pickup_hour &lt; 6 | 117 | rmse | 5 | 163 % worse | at most 9 | passed |",
        "- Few training rows had trip_distance above 990 (1 %); none had it above 1,000 or below 10.",
        "| metric | training | tuning | held out | naive baseline |",
        f"| {SETTINGS.metric} | 1.5 | 2.5 | 3.5 | 4.5 |",
        "| source table | dev.raw.trips, version 12 |",
        "| training | 7,000 | 2016-01-01 00:06 | 2016-02-12 12:06 |",
        "| held out | 150 | 2016-02-21 13:26 | 2016-02-29 23:58 |",
        "| input | mean absolute SHAP value, in miles |",
        "| trip_distance | 6.5 |",
        "- [importance.png](../explain/importance.png)",
        f"| predicts | {SETTINGS.label} ({SETTINGS.problem_type}) |",
        "| algorithm | Trees |",
        f"| hyperparameters | {', '.join(f'{name} = 0.125' for name in SETTINGS.search.space)} |",
        "| owner | taxi-team |",
        "| git commit | abc123 |",
        "| machinery | 1.0.0 |",
        f"| MLflow run | {registry.version('1').run_id} |",
    ):
        assert line in card.splitlines()
    assert " yet" not in card
    assert "importance.json" not in card


def test_the_champion_is_called_so_with_the_time_since_when(registry: Registry) -> None:
    registry.set_status("1", "PASSED")
    registry.set_alias(CHAMPION, "1")
    cards.refresh(SETTINGS, registry.name, "1")
    assert "**Champion**" in text(registry, "1")
    registry.tag("1", "champion_since", "2026-11-25T18:21:04+00:00")
    cards.refresh(SETTINGS, registry.name, "1")
    assert "**Champion since 2026-11-25 18:21 UTC**" in text(registry, "1")
    registry.set_alias(CHAMPION, "2")
    registry.tag("1", "rolled_back", "fares went wild")
    cards.refresh(SETTINGS, registry.name, "1")
    assert "**Rolled back**\n\n- fares went wild\n" in text(registry, "1")
    assert "| champion now | version 2 |" in text(registry, "1")


def test_the_page_contains_the_plots_of_the_run(registry: Registry) -> None:
    log_picture(registry, "explain/residuals.png", b"not a picture")
    cards.refresh(SETTINGS, registry.name, "1")
    assert f'src="data:image/png;base64,{b64encode(PICTURE).decode()}"' in page(registry)
    assert '<a href="../explain/residuals.png">' in page(registry)


def test_plots_beyond_the_size_of_a_page_are_links(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    log_picture(registry, "explain/residuals.png", PICTURE)
    monkeypatch.setattr(collect, "_PICTURE_BYTES", 2 * len(PICTURE) - 1)
    cards.refresh(SETTINGS, registry.name, "1")
    assert page(registry).count("<img") == 1
    assert page(registry).count('<a href="../explain/') == 1


def test_a_plot_that_cannot_be_read_is_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MlflowException("no store")

    monkeypatch.setattr(RunFiles, "content", fail)
    with caplog.at_level(logging.WARNING):
        assert collect.pictures(RunFiles("somewhere"), ["explain/importance.png"]) == {}
    assert "explain/importance.png of somewhere is not on the model card: MlflowException: no store" in caplog.text


def test_the_version_is_tagged_with_the_location_of_its_card(registry: Registry) -> None:
    cards.refresh(SETTINGS, registry.name, "1")
    found = registry.version("1").tags
    assert found["model_card"] == f"runs:/{registry.version('1').run_id}/card/model_card.html"
    assert mlflow.artifacts.load_text(found["model_card"]).startswith("<!DOCTYPE html>")
    assert "model_card_error" not in found


def test_a_version_without_any_information_has_a_card_too(registry: Registry) -> None:
    cards.refresh(SETTINGS, registry.name, "2")
    assert "**Not validated yet**" in text(registry, "2")
    assert text(registry, "2").count(" yet") >= 7
    assert "model_card_error" not in registry.version("2").tags


def test_a_version_just_trained_has_a_card(trained: dict[str, str]) -> None:
    cards.refresh(SETTINGS, trained["model_name"], trained["model_version"])
    card = mlflow.artifacts.load_text(f"runs:/{trained['run_id']}/{cards.MARKDOWN}")
    assert f"# {trained['model_name']}, version {trained['model_version']}" in card
    assert "| metric | training | tuning | held out | naive baseline |" in card
    assert "It learned from rows of" in card
    assert f"The {len(SETTINGS.features)} inputs in the training rows" in card
    assert all(f"{name} = " in card for name in SETTINGS.search.space)


def test_information_that_arrives_while_the_card_is_written_is_on_the_card(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect = cards.collect
    late = iter(["late news"])

    def slow(settings: ProjectConfig, of: Registry, version: ModelVersion) -> object:
        card = collect(settings, of, version)
        for news in late:
            of.tag(str(version.version), "deployment_decision", news)
        return card

    monkeypatch.setattr(cards, "collect", slow)
    cards.refresh(SETTINGS, registry.name, "2")
    assert "| decision | late news |" in text(registry, "2")


@pytest.mark.parametrize(
    ("owner", "broken"), [(MlflowClient, "log_text"), (MlflowClient, "get_run"), (RunFiles, "paths")]
)
def test_an_error_is_not_raised_but_recorded_on_the_version_until_the_next_success(
    registry: Registry, owner: type, broken: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise MlflowException("no store\ntoday")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(owner, broken, fail)
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
