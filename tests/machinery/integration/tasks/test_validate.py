import json
from collections.abc import Callable, Iterator

import mlflow
import pytest
from mlflow import MlflowClient

from mlops.config.leakage import ARRIVAL, INPUT, LOOKUP, MISSING, SCORE, Leakage
from mlops.config.validation import Bound
from mlops.errors import ProjectError
from mlops.model_card.publish import MARKDOWN
from mlops.registry import CHALLENGER, CHAMPION, STATUS_ERROR_TAG, STATUS_TAG, Registry
from mlops.tasks import promote, validate
from mlops.tasks.validate import ACCEPTED_TAG
from mlops.validation import run_checks
from mlops.validation.check import Check
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


@pytest.fixture
def revalidated(trained: dict[str, str], run_task: Runner, lenient_gates: None) -> dict[str, str]:  # noqa: ARG001 - a fixture
    """A version that has passed its first validation."""
    run_task(validate, **trained)
    return trained


def raising(error: BaseException) -> Callable[[object], Iterator[Check]]:
    def unreadable(_: object) -> Iterator[Check]:
        raise error

    return unreadable


def expired(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise ProjectError("the rows have expired")

    monkeypatch.setattr(validate, "evidence", gone)


def test_an_error_while_a_version_is_validated_again_takes_nothing_away(
    revalidated: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tags(revalidated)
    with monkeypatch.context() as patched:
        expired(patched)
        with pytest.raises(ProjectError, match="the rows have expired"):
            run_task(validate, **revalidated)
    after = tags(revalidated)
    assert after.pop(STATUS_ERROR_TAG).endswith(": ProjectError: the rows have expired")
    assert after == before
    card = mlflow.artifacts.load_text(f"runs:/{revalidated['run_id']}/{MARKDOWN}")
    assert "ended in an error at " in card
    assert run_task(promote, **revalidated)["promoted"] == "true"
    run_task(validate, **revalidated)
    assert STATUS_ERROR_TAG not in tags(revalidated), "the next verdict takes it back"


def test_a_check_that_cannot_be_made_again_takes_nothing_away(
    revalidated: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(run_checks, "CHECKS", (*run_checks.CHECKS, raising(OSError("no such table"))))
        with pytest.raises(ProjectError, match=r"unreadable could not be checked: OSError: no such table\. All other"):
            run_task(validate, **revalidated)
    assert tags(revalidated)[STATUS_TAG] == "PASSED"
    assert "no such table" in tags(revalidated)[STATUS_ERROR_TAG]
    assert run_task(promote, **revalidated)["promoted"] == "true", "the report that was proven is still there"


def test_a_verdict_replaces_the_status_even_if_another_check_ends_in_an_error(
    revalidated: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_checks, "CHECKS", (*run_checks.CHECKS, raising(OSError("no such table"))))
    bounded(monkeypatch, Bound(min=2000))
    with pytest.raises(ProjectError, match="is below 2000"):
        run_task(validate, **revalidated)
    assert tags(revalidated)[STATUS_TAG] == "FAILED"
    assert STATUS_ERROR_TAG not in tags(revalidated)


@pytest.mark.usefixtures("lenient_gates")
@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_a_check_that_ends_the_process_fails_the_version_with_the_reason(
    trained: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    registered_as_pending(trained)
    monkeypatch.setattr(run_checks, "CHECKS", (*run_checks.CHECKS, raising(error)))
    with pytest.raises((ProjectError, KeyboardInterrupt)):
        run_task(validate, **trained)
    assert tags(trained)[STATUS_TAG] == "FAILED"
    assert type(error).__name__ in tags(trained)["model_validation_reasons"]
    assert aliases(trained) == {}


def registered_as_pending(trained: dict[str, str]) -> None:
    """Let the version be as training registers it."""
    Registry(trained["model_name"]).tag(trained["model_version"], STATUS_TAG, "PENDING")


@pytest.mark.usefixtures("lenient_gates")
def test_a_proof_that_cannot_be_recorded_fails_the_version(
    trained: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered_as_pending(trained)

    def refuse(*_: object) -> None:
        raise OSError("the registry does not answer")

    monkeypatch.setattr(validate.proof, "record", refuse)
    with pytest.raises(OSError, match="does not answer"):
        run_task(validate, **trained)
    assert tags(trained)[STATUS_TAG] == "FAILED"
    assert "does not answer" in tags(trained)["model_validation_reasons"]
