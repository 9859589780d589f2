import json

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from mlops.config.validation import AtLeast, Bound
from mlops.errors import ProjectError
from mlops.promotion import comparison, pause
from mlops.promotion.decision import Decision
from mlops.registry import CHAMPION, ROLLED_BACK, Registry, uri
from mlops.tasks import promote
from mlops.validation import proof, report
from mlops_local.platform import LocalPlatform

import example
from example import business
from integration.conftest import prove
from running import Runner

SETTINGS = example.PROJECT.config
LOSS = 0.3 if SETTINGS.problem_type == "regression" else 0.5  # a share of the spread of the predictions


@pytest.fixture
def passed(trained: dict[str, str], platform: LocalPlatform) -> dict[str, str]:
    """A version that passed validation."""
    prove(trained, platform)
    return trained


@pytest.fixture
def champion(passed: dict[str, str]) -> str:
    """Another version of the same model, which is already champion: the same artifact, so it is exactly as good."""
    version = MlflowClient().create_model_version(passed["model_name"], passed["model_uri"], run_id=passed["run_id"])
    Registry(passed["model_name"]).set_alias(CHAMPION, str(version.version))
    return str(version.version)


@pytest.fixture
def lost_champion(passed: dict[str, str], champion: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The champion, whose files no longer exist."""
    real = comparison.predict

    def predict(model_uri: str, rows: object) -> object:
        if model_uri == uri(passed["model_name"], champion):
            raise RuntimeError("artifact lost")
        return real(model_uri, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(comparison, "predict", predict)
    return champion


def aliases(parameters: dict[str, str]) -> dict[str, str]:
    found = MlflowClient().get_registered_model(parameters["model_name"]).aliases
    return {alias: str(version) for alias, version in found.items()}


def decision(parameters: dict[str, str]) -> str:
    tags = MlflowClient().get_model_version(parameters["model_name"], parameters["model_version"]).tags
    return str(tags["deployment_decision"])


def test_the_first_version_becomes_champion_if_it_beats_the_naive_baseline(
    passed: dict[str, str], run_task: Runner
) -> None:
    assert run_task(promote, **passed) == {"promoted": "true", "champion_version": "1"}
    assert aliases(passed) == {CHAMPION: "1"}
    assert decision(passed).startswith(f"promote: challenger {SETTINGS.metric}")
    assert "the naive baseline" in decision(passed)


def test_a_first_version_that_does_not_beat_the_naive_baseline_is_not_promoted(
    passed: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    worthless = 1e6 if SETTINGS.problem_type == "regression" else 0.5
    monkeypatch.setattr(comparison, "predict", lambda _, rows: np.full(len(rows), worthless))
    assert run_task(promote, **passed) == {"promoted": "false", "champion_version": "none"}
    assert aliases(passed) == {}


def test_a_challenger_that_is_not_better_leaves_the_champion_unchanged(
    passed: dict[str, str], champion: str, run_task: Runner
) -> None:
    assert run_task(promote, **passed) == {"promoted": "false", "champion_version": champion}
    assert aliases(passed) == {CHAMPION: champion}
    assert decision(passed).startswith("keep the champion: ")
    assert f"champion version {champion}" in decision(passed)


def test_a_better_challenger_gets_the_alias_and_records_the_previous_champion(
    passed: dict[str, str], champion: str, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = comparison.predict

    def predict(model_uri: str, rows: object) -> object:
        found = real(model_uri, rows)  # type: ignore[arg-type]
        worse = found[::-1]
        return worse if model_uri == uri(passed["model_name"], champion) else found

    monkeypatch.setattr(comparison, "predict", predict)
    assert run_task(promote, **passed) == {"promoted": "true", "champion_version": "1"}
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
        run_task(promote, **trained)
    assert aliases(trained) == {}


def test_a_challenger_is_not_promoted_if_the_champion_cannot_be_scored(
    passed: dict[str, str], lost_champion: str, run_task: Runner
) -> None:
    with pytest.raises(ProjectError, match=f"champion version {lost_champion} .* is not promoted: .* artifact lost"):
        run_task(promote, **passed)
    assert aliases(passed) == {CHAMPION: lost_champion}


def test_deploying_the_champion_again_changes_nothing(passed: dict[str, str], run_task: Runner) -> None:
    run_task(promote, **passed)
    assert run_task(promote, **passed) == {"promoted": "false", "champion_version": "1"}
    assert aliases(passed) == {CHAMPION: "1"}


@pytest.mark.usefixtures("lost_champion")
def test_a_champion_that_cannot_be_scored_is_replaced_only_for_a_recorded_reason(
    passed: dict[str, str], run_task: Runner
) -> None:
    run_task(promote, **passed, override_reason="its storage was deleted")
    assert aliases(passed) == {CHAMPION: "1"}
    assert decision(passed).startswith("promote: overridden because of 'its storage was deleted': champion version")
    assert "artifact lost" in decision(passed)


def test_a_reason_does_not_replace_the_challengers_own_evidence(
    passed: dict[str, str], champion: str, run_task: Runner
) -> None:
    Registry(passed["model_name"]).tag(passed["model_version"], proof.TAG, "{}")
    with pytest.raises(ProjectError, match="changed since then: validate it again"):
        run_task(promote, **passed, override_reason="please")
    assert aliases(passed) == {CHAMPION: champion}


def test_a_reason_does_not_promote_a_challenger_that_is_not_better(
    passed: dict[str, str], champion: str, run_task: Runner
) -> None:
    run_task(promote, **passed, override_reason="please")
    assert aliases(passed) == {CHAMPION: champion}


def test_a_version_that_was_rolled_back_is_promoted_only_for_a_recorded_reason(
    passed: dict[str, str], run_task: Runner
) -> None:
    Registry(passed["model_name"]).tag(passed["model_version"], ROLLED_BACK, "fares went wild")
    with pytest.raises(ProjectError, match=r"was rolled back \(fares went wild\): train a new version, or give"):
        run_task(promote, **passed)
    assert aliases(passed) == {}
    assert run_task(promote, **passed, override_reason="it was the source")["promoted"] == "true"


def test_both_versions_keep_the_comparison_and_its_numbers(
    passed: dict[str, str], champion: str, run_task: Runner
) -> None:
    run_task(promote, **passed)
    tags = MlflowClient().get_model_version(passed["model_name"], champion).tags
    assert tags["challenged_by"].startswith("version 1, keep the champion: challenger")
    metrics = MlflowClient().get_run(passed["run_id"]).data.metrics
    assert metrics["incumbent_gain_low"] <= metrics["incumbent_gain"] <= metrics["incumbent_gain_high"]


def test_a_champion_that_changed_during_the_comparison_is_kept(
    passed: dict[str, str], champion: str, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(passed["model_name"])
    other = MlflowClient().create_model_version(passed["model_name"], passed["model_uri"], run_id=passed["run_id"])

    def compare(*_: object, **__: object) -> Decision:
        registry.set_alias(CHAMPION, str(other.version))
        return Decision(passed=True, reasons=("better",))

    monkeypatch.setattr(promote, "compare", compare)
    with pytest.raises(
        ProjectError, match=f"changed to version {other.version} while version 1 was compared with version {champion}"
    ):
        run_task(promote, **passed)
    assert aliases(passed) == {CHAMPION: str(other.version)}


def test_the_policy_may_compare_business_value(
    passed: dict[str, str], champion: str, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert champion
    money = SETTINGS.promotion.model_copy(update={"policy": "business"})
    settings = SETTINGS.model_copy(update={"promotion": money})
    example.change(monkeypatch, config=settings)
    run_task(promote, **passed)
    assert f"challenger {business.UNIT}" in decision(passed)


def test_the_policy_not_worse_promotes_an_equally_good_version(
    passed: dict[str, str], champion: str, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert champion
    equal = SETTINGS.promotion.model_copy(update={"policy": "not_worse", "margin": 0.01})
    settings = SETTINGS.model_copy(update={"promotion": equal})
    example.change(monkeypatch, config=settings)
    assert run_task(promote, **passed)["promoted"] == "true"


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("model_uri", "models:/another.model.name/1"), ("run_id", "nobody"), ("training_table", "dev.else.rows")],
)
def test_what_belongs_to_another_version_is_refused(
    passed: dict[str, str], parameter: str, value: str, run_task: Runner
) -> None:
    with pytest.raises(ProjectError, match=rf"{parameter} is {value}, but that of version 1 of .*: give the"):
        run_task(promote, **(passed | {parameter: value}))
    assert aliases(passed) == {}


def test_a_version_without_a_training_run_cannot_be_deployed(passed: dict[str, str], run_task: Runner) -> None:
    registry = Registry(passed["model_name"])
    version = str(MlflowClient().create_model_version(registry.name, passed["model_uri"]).version)
    registry.set_status(version, "PASSED")
    by_hand = passed | {"model_version": version, "model_uri": uri(registry.name, version), "run_id": ""}
    with pytest.raises(ProjectError, match="was registered without a training run"):
        run_task(promote, **by_hand)
    assert aliases(passed) == {}


def test_a_status_that_somebody_set_by_hand_is_not_enough(trained: dict[str, str], run_task: Runner) -> None:
    Registry(trained["model_name"]).set_status(trained["model_version"], "PASSED")
    with pytest.raises(ProjectError, match="has the status PASSED, but no proof of its validation: validate it again"):
        run_task(promote, **trained)
    assert aliases(trained) == {}


def test_a_version_that_passed_other_gates_must_be_validated_again(
    passed: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    tighter = SETTINGS.validation.model_copy(update={"metrics": {SETTINGS.metric: Bound(min=0.1, max=0.2)}})
    example.change(monkeypatch, config=SETTINGS.model_copy(update={"validation": tighter}))
    with pytest.raises(ProjectError, match="passed validation, but its gates changed since then: validate it again"):
        run_task(promote, **passed)
    assert aliases(passed) == {}


def test_a_changed_check_of_the_project_is_a_changed_gate(
    passed: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mean_error(_: object) -> float:
        return 0.0

    example.change(monkeypatch, checks={**example.PROJECT.checks, "mean_error": mean_error})
    with pytest.raises(ProjectError, match="its gates changed since then"):
        run_task(promote, **passed)


def test_a_report_that_was_replaced_is_noticed(passed: dict[str, str], run_task: Runner) -> None:
    with mlflow.start_run(run_id=passed["run_id"]):
        mlflow.log_dict([{"name": "another", "passed": True}], report.FILE)  # type: ignore[arg-type] # any JSON
    with pytest.raises(ProjectError, match="its report changed since then"):
        run_task(promote, **passed)
    assert aliases(passed) == {}


def test_a_proof_of_another_model_is_noticed(passed: dict[str, str], run_task: Runner) -> None:
    registry = Registry(passed["model_name"])
    digests = json.loads(registry.version(passed["model_version"]).tags[proof.TAG])
    registry.tag(passed["model_version"], proof.TAG, json.dumps(digests | {"model": "0" * 16, "rows": "1" * 16}))
    with pytest.raises(ProjectError, match="its model and its held-out rows changed since then"):
        run_task(promote, **passed)
    registry.tag(passed["model_version"], proof.TAG, "not JSON")
    with pytest.raises(ProjectError, match=r"is not valid .*: validate the version again"):
        run_task(promote, **passed)
    assert aliases(passed) == {}


def test_while_promotion_is_paused_no_version_is_promoted(passed: dict[str, str], run_task: Runner) -> None:
    registry = Registry(passed["model_name"])
    pause.pause(registry, "version 7 was rolled back (fares went wild)")
    assert run_task(promote, **passed, override_reason="please") == {"promoted": "false", "champion_version": "none"}
    assert "promotion is paused since 2" in decision(passed)
    assert "version 7 was rolled back (fares went wild)" in decision(passed)
    pause.resume(registry, "the source is repaired")
    assert run_task(promote, **passed)["promoted"] == "true"


def test_a_version_that_predicts_the_same_as_a_rolled_back_one_is_promoted_only_for_a_reason(
    passed: dict[str, str], champion: str, run_task: Runner
) -> None:
    registry = Registry(passed["model_name"])
    MlflowClient().delete_registered_model_alias(registry.name, CHAMPION)
    pause.note_rolled_back(registry, champion)
    assert run_task(promote, **passed)["promoted"] == "false"
    assert f"it predicts the same as version {champion}, which was rolled back" in decision(passed)
    assert run_task(promote, **passed, override_reason="it was the source")["promoted"] == "true"


def challenger(passed: dict[str, str]) -> dict[str, str]:
    """Register another version, the same artifact with the same held-out rows; return its parameters."""
    made = MlflowClient().create_model_version(passed["model_name"], passed["model_uri"], run_id=passed["run_id"])
    registry, version = Registry(passed["model_name"]), str(made.version)
    registry.set_status(version, "PASSED")
    registry.tag(version, proof.TAG, registry.version(passed["model_version"]).tags[proof.TAG])
    return passed | {"model_version": version, "model_uri": uri(passed["model_name"], version)}


def test_challenges_on_the_same_rows_are_recorded_on_the_champion_and_need_more_and_more_confidence(
    passed: dict[str, str], champion: str, run_task: Runner
) -> None:
    second = challenger(passed)
    for one in (passed, second, second):  # the third is the second again
        run_task(promote, **one)
    tags = MlflowClient().get_model_version(passed["model_name"], champion).tags
    assert tags["challenges"].startswith(f"1,{second['model_version']} on 2016-02-")
    assert "at 96.9604% confidence, 0 needed" in decision(passed)
    assert "at 99.2401% confidence, 0 needed; challenge 2 on overlapping rows" in decision(second)


@pytest.mark.parametrize(
    ("at_least", "reason"),
    [
        ({"rows": 1000}, "held-out rows, but a comparison needs 1000"),
        ({"blocks": 50}, "blocks of time, but a comparison needs 50"),
    ],
)
def test_nothing_is_promoted_on_too_few_held_out_rows(
    passed: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch, at_least: dict[str, int], reason: str
) -> None:
    strict = SETTINGS.promotion.model_copy(update={"at_least": AtLeast(**at_least)})
    example.change(monkeypatch, config=SETTINGS.model_copy(update={"promotion": strict}))
    assert run_task(promote, **passed)["promoted"] == "false"
    assert aliases(passed) == {}
    assert reason in decision(passed)


def test_losses_do_not_add_up_under_the_policy_not_worse(
    passed: dict[str, str], champion: str, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each version predicts a little worse than the one before; the margin allows only one such step."""
    lax = SETTINGS.promotion.model_copy(update={"policy": "not_worse", "margin": 0.6})
    example.change(monkeypatch, config=SETTINGS.model_copy(update={"promotion": lax}))
    real = comparison.predict
    worse = {champion: 0.0}

    def predict(model_uri: str, rows: object) -> object:
        found = real(model_uri, rows)  # type: ignore[arg-type]
        return found + worse[model_uri.rpartition("/")[2]] * (found.mean() - found)

    monkeypatch.setattr(comparison, "predict", predict)
    third, fourth = challenger(passed), challenger(passed)
    worse |= {"1": LOSS, third["model_version"]: 2 * LOSS, fourth["model_version"]: -0.01 * LOSS}
    assert run_task(promote, **passed)["promoted"] == "true"
    registry = Registry(passed["model_name"])
    assert registry.version("1").tags["best_champion"] == champion
    assert run_task(promote, **third)["promoted"] == "false"
    assert f"may be worse than version {champion}, the best champion so far," in decision(third)
    assert run_task(promote, **fourth)["promoted"] == "true"


def test_a_best_champion_that_was_rolled_back_is_no_longer_the_bar(
    passed: dict[str, str], champion: str, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    equal = SETTINGS.promotion.model_copy(update={"policy": "not_worse", "margin": 0.01})
    example.change(monkeypatch, config=SETTINGS.model_copy(update={"promotion": equal}))
    run_task(promote, **passed)
    registry = Registry(passed["model_name"])
    third, fourth = challenger(passed), challenger(passed)
    run_task(promote, **third)
    assert f"version {champion}, the best champion so far," in decision(third)
    registry.tag(champion, ROLLED_BACK, "fares went wild")
    run_task(promote, **fourth)
    assert f"champion version {third['model_version']} " in decision(fourth)
