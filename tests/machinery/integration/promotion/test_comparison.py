"""Who wins on the held-out rows of a real training, with predictions that are known to be good or bad."""

from __future__ import annotations

from collections.abc import Callable

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from mlops.config.load import ProjectConfig
from mlops.config.validation import AtLeast
from mlops.evaluation.metrics import GREATER_IS_BETTER, METRICS, Array, evaluate
from mlops.promotion import comparison
from mlops.promotion.comparison import compare
from mlops.promotion.decision import Decision
from mlops.training import training_set
from mlops.validation.candidate import Candidate, holdout
from mlops_local.platform import LocalPlatform

import example

SETTINGS = example.PROJECT.config
KIND = SETTINGS.problem_type
OWN = METRICS[KIND]

Compare = Callable[..., Decision]


@pytest.fixture
def candidate(trained: dict[str, str]) -> Candidate:
    return Candidate(**trained)


@pytest.fixture
def champion(trained: dict[str, str]) -> ModelVersion:
    return MlflowClient().create_model_version(trained["model_name"], trained["model_uri"], run_id=trained["run_id"])


@pytest.fixture
def label(candidate: Candidate, platform: LocalPlatform) -> Array:
    return holdout(candidate, SETTINGS, platform)[1]


@pytest.fixture
def good(label: Array) -> Array:
    """Predictions that are nearly right, and on the right side of the threshold."""
    return 0.8 * label + 0.1 if KIND == "classification" else label + np.where(np.arange(len(label)) % 2, 0.2, -0.1)


@pytest.fixture
def bad(label: Array, good: Array) -> Array:
    """Predictions that are wrong: those of other rows, or small where they should be great."""
    return good[::-1].copy() if KIND == "classification" else 2 * label.mean() - good


@pytest.fixture
def outcome(candidate: Candidate, platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch) -> Compare:
    """Compare the candidate with a champion, given what both predict, under a changed policy."""

    def run(
        champion: ModelVersion | None,
        challenger: Array,
        incumbent: Array,
        metric: str = SETTINGS.metric,
        **policy: object,
    ) -> Decision:
        of = {candidate.model_uri: challenger}
        monkeypatch.setattr(comparison, "predict", lambda uri, _: of.get(uri, incumbent))
        changed = promotion(metric=metric, **policy)
        example.change(monkeypatch, config=changed)
        return compare(example.PROJECT, candidate, platform, champion, log_as="incumbent")

    return run


def promotion(metric: str, **policy: object) -> ProjectConfig:
    """Return the configuration with another deciding metric and policy."""
    changed = SETTINGS.promotion.model_copy(update=policy)
    return SETTINGS.model_copy(update={"metric": metric, "promotion": changed})


@pytest.mark.parametrize("policy", ["better", "not_worse"])
@pytest.mark.parametrize("metric", OWN)
def test_the_better_model_wins_whether_its_metric_should_be_small_or_great(
    outcome: Compare, champion: ModelVersion, good: Array, bad: Array, metric: str, policy: str
) -> None:
    assert outcome(champion, good, bad, metric, policy=policy).passed
    worse = outcome(champion, bad, good, metric, policy=policy)
    assert not worse.passed
    assert f"challenger {metric}" in str(worse)


@pytest.mark.parametrize("metric", OWN)
def test_the_reason_and_the_run_have_the_metrics_of_the_incumbent(
    outcome: Compare, candidate: Candidate, champion: ModelVersion, label: Array, good: Array, bad: Array, metric: str
) -> None:
    decision = outcome(champion, good, bad, metric, margin=0.25, policy="better")
    ours, theirs = (evaluate(KIND, label, side) for side in (good, bad))
    named = f"challenger {metric} {ours[metric]:.4g} beats champion version {champion.version} {metric}"
    assert str(decision).startswith(f"{named} {theirs[metric]:.4g}: gain ")
    assert f", {0.25 * abs(theirs[metric]):.4g} needed" in str(decision)
    logged = mlflow.get_run(candidate.run_id).data.metrics
    assert {name: logged[f"incumbent_{name}"] for name in OWN} == pytest.approx(theirs)
    difference = ours[metric] - theirs[metric]
    assert logged["incumbent_gain"] == pytest.approx(difference if GREATER_IS_BETTER[metric] else -difference)
    assert logged["incumbent_gain_low"] < logged["incumbent_gain"] < logged["incumbent_gain_high"]


def test_the_policy_business_compares_the_mean_value_and_not_the_metric(
    outcome: Compare, champion: ModelVersion, label: Array, good: Array, bad: Array
) -> None:
    project = example.PROJECT
    ours, theirs = (project.business_value(KIND, label, side).mean() for side in (good, bad))
    unit = project.business_unit
    decision = outcome(champion, good, bad, policy="business")
    assert decision.passed
    assert str(decision).startswith(f"challenger {unit} {ours:.4g} beats champion version {champion.version} {unit}")
    assert f" {unit} {theirs:.4g}: gain {ours - theirs:.4g} [" in str(decision)


def test_without_a_champion_the_mean_of_the_training_labels_must_be_beaten_whatever_the_policy_is(
    outcome: Compare, candidate: Candidate, platform: LocalPlatform, label: Array, good: Array
) -> None:
    rows = training_set.read(platform.tables, candidate.training_table, candidate.run_id, "train")
    constant = np.full(len(label), rows[SETTINGS.label].mean())
    beaten = outcome(None, good, good, policy="not_worse", margin=0.9)
    assert beaten.passed
    assert "the naive baseline" in str(beaten)
    assert ", 0 needed" in str(beaten)
    logged = mlflow.get_run(candidate.run_id).data.metrics
    expected = evaluate(KIND, label, constant)
    assert {name: logged[f"incumbent_{name}"] for name in OWN} == pytest.approx(expected)
    assert not outcome(None, constant, good, policy="not_worse", margin=0.9).passed


def test_a_class_with_too_few_rows_decides_nothing(
    outcome: Compare, champion: ModelVersion, good: Array, bad: Array
) -> None:
    decision = outcome(champion, good, bad, at_least=AtLeast(cases=1000))
    if KIND == "regression":
        assert decision.passed
    else:
        assert not decision.passed
        assert "held-out rows of the rarer class, but a comparison needs 1000" in str(decision)


def test_only_a_version_that_is_shown_to_be_better_becomes_the_best_champion(
    outcome: Compare, candidate: Candidate, champion: ModelVersion, good: Array, bad: Array
) -> None:
    better = outcome(champion, good, bad, policy="not_worse", margin=0.5)
    assert better.records[candidate.model_version] == {"best_champion": candidate.model_version}
    equal = outcome(champion, good, good, policy="not_worse", margin=0.5)
    assert equal.passed
    assert equal.records[candidate.model_version] == {"best_champion": str(champion.version)}
