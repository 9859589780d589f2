import json

import mlflow
import pytest
from mlflow import MlflowClient

from mlops.config.leakage import ARRIVAL, INPUT, LOOKUP, MISSING, SCORE, Leakage
from mlops.config.validation import Bound
from mlops.errors import ProjectError
from mlops.registry import CHALLENGER, CHAMPION, STATUS_TAG, Registry
from mlops.tasks import promote, validate
from mlops.tasks.validate import ACCEPTED_TAG
from mlops.validation.evidence import Evidence
from mlops.validation.report import FILE, TABLE

import example
from integration.conftest import lenient
from running import Runner

SETTINGS = example.PROJECT.config


def tags(trained: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = MlflowClient().get_model_version(trained["model_name"], trained["model_version"]).tags
    return found


def aliases(trained: dict[str, str]) -> dict[str, str]:
    found = MlflowClient().get_registered_model(trained["model_name"]).aliases
    return {alias: str(version) for alias, version in found.items()}


def bounded(monkeypatch: pytest.MonkeyPatch, bound: Bound) -> None:
    """Set this bound for the deciding metric, on top of lenient gates."""
    example.change(monkeypatch, config=lenient(metrics={SETTINGS.metric: bound}))


def strict(monkeypatch: pytest.MonkeyPatch, **accepted: str) -> None:
    """Suspect every input that explains a tenth of the label, on top of lenient gates."""
    example.change(monkeypatch, config=lenient(leakage=Leakage(explained_at_most=0.1, accepted=accepted)))


@pytest.mark.usefixtures("lenient_gates")
def test_a_version_that_passes_all_checks_becomes_challenger(trained: dict[str, str], run_task: Runner) -> None:
    assert run_task(validate, **trained) == {"model_version": trained["model_version"]}
    assert tags(trained)[STATUS_TAG] == "PASSED"
    assert aliases(trained) == {CHALLENGER: trained["model_version"]}


@pytest.mark.usefixtures("lenient_gates")
def test_the_run_keeps_every_check_with_its_value_bound_and_reason(trained: dict[str, str], run_task: Runner) -> None:
    run_task(validate, **trained)
    root = f"runs:/{trained['run_id']}"
    checks = {check["name"]: check for check in mlflow.artifacts.load_dict(f"{root}/{FILE}")}
    leakage = (SCORE, INPUT, MISSING, ARRIVAL, LOOKUP)
    for name in ("signature", "repeatable", "latency of one row", "keys are held out", *leakage, "mean_error"):
        assert checks[name]["passed"], name
        assert checks[name]["reason"]
    assert checks[SETTINGS.metric]["value"] > 0
    assert mlflow.artifacts.load_text(f"{root}/{TABLE}").count("| passed |") == len(checks)
    assert "evaluation_example_count" in mlflow.get_run(trained["run_id"]).data.metrics
    assert json.dumps(checks)


@pytest.mark.usefixtures("lenient_gates")
def test_a_version_outside_its_bounds_fails_with_its_reason_and_gets_no_alias(
    trained: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded(monkeypatch, Bound(min=2000))
    with pytest.raises(ProjectError, match=f"version 1 of .* failed validation: {SETTINGS.metric} .* is below 2000"):
        run_task(validate, **trained)
    assert tags(trained)[STATUS_TAG] == "FAILED"
    assert "is below 2000" in tags(trained)["model_validation_reasons"]
    assert aliases(trained) == {}


@pytest.mark.usefixtures("lenient_gates")
def test_a_suspect_of_target_leakage_fails_the_version_unless_it_is_accepted(
    trained: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict(monkeypatch)
    with pytest.raises(ProjectError, match=f"{INPUT} .trip_distance alone explains .* accept it in validation.leakage"):
        run_task(validate, **trained)
    assert ACCEPTED_TAG not in tags(trained)
    strict(monkeypatch, trip_distance="known at pickup", distance_band="made of it")
    run_task(validate, **trained)
    assert tags(trained)[STATUS_TAG] == "PASSED"
    assert tags(trained)[ACCEPTED_TAG] == "trip_distance: known at pickup; distance_band: made of it"
    checks = {check["name"]: check for check in mlflow.artifacts.load_dict(f"runs:/{trained['run_id']}/{FILE}")}
    assert checks[INPUT]["reason"].endswith("(accepted: trip_distance: known at pickup; distance_band: made of it)")
    example.change(monkeypatch, config=lenient())
    run_task(validate, **trained)
    assert tags(trained)[ACCEPTED_TAG] == "none"


@pytest.mark.usefixtures("lenient_gates")
def test_a_validation_that_cannot_run_fails_the_version(
    trained: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise ProjectError("there are no holdout rows")

    monkeypatch.setattr(validate, "evidence", gone)
    with pytest.raises(ProjectError, match="no holdout rows"):
        run_task(validate, **trained)
    assert tags(trained)[STATUS_TAG] == "FAILED"
    assert "no holdout rows" in tags(trained)["model_validation_reasons"]
    assert aliases(trained) == {}


@pytest.mark.usefixtures("lenient_gates")
def test_a_champion_that_fails_stays_champion_and_the_error_says_so(
    trained: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    Registry(trained["model_name"]).set_alias(CHAMPION, trained["model_version"])
    bounded(monkeypatch, Bound(min=2000))
    with pytest.raises(ProjectError, match="It is the champion and stays the champion until you promote another"):
        run_task(validate, **trained)
    assert tags(trained)[STATUS_TAG] == "FAILED"
    assert aliases(trained) == {CHAMPION: trained["model_version"]}


@pytest.mark.usefixtures("lenient_gates")
def test_a_failure_says_how_to_deploy_without_another_training(
    trained: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded(monkeypatch, Bound(min=2000))
    with pytest.raises(ProjectError, match=r"run the job deployment with model_version=1: .* without a new training"):
        run_task(validate, **trained)


@pytest.mark.usefixtures("lenient_gates")
def test_a_version_that_passed_is_proven(trained: dict[str, str], run_task: Runner) -> None:
    run_task(validate, **trained)
    assert run_task(promote, **trained)["promoted"] == "true"


@pytest.mark.usefixtures("lenient_gates")
def test_the_run_of_a_version_is_found_if_it_is_not_given(trained: dict[str, str], run_task: Runner) -> None:
    assert run_task(validate, **trained | {"run_id": ""}) == {"model_version": trained["model_version"]}
    with pytest.raises(ProjectError, match=r"no version of .* is given: set the job parameter model_version"):
        run_task(validate, **trained | {"model_version": ""})


@pytest.mark.usefixtures("lenient_gates")
def test_the_status_is_pending_while_the_checks_run(
    trained: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def look(_: Evidence) -> None:
        seen.append(tags(trained)[STATUS_TAG])
        raise RuntimeError("stop here")

    monkeypatch.setattr(validate, "run_checks", look)
    with pytest.raises(RuntimeError, match="stop here"):
        run_task(validate, **trained)
    assert seen == ["PENDING"]
    assert tags(trained)[STATUS_TAG] == "FAILED"
