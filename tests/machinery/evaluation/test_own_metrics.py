from dataclasses import replace

import numpy as np
import pytest

from mlops.evaluation.measures import Measures
from mlops.evaluation.metrics import METRICS, Array, evaluate
from mlops.evaluation.own_metrics import OwnMetric, metric, own_metrics
from mlops.statistics.resampled_rows import resampled_gain
from mlops.statistics.resampling import Resampling

import example.checks

RANDOM = np.random.default_rng(0)
LABEL = RANDOM.normal(size=400)
GOOD, BAD = (LABEL + RANDOM.normal(0, scale, 400) for scale in (0.1, 0.5))
HOW = Resampling(np.arange(400) // 20, resamples=200, confidence=0.95, seed=1)


@metric(greater_is_better=False, low=0.0)
def own_rmse(label: Array, prediction: Array) -> float:
    """Return the root mean squared error."""
    return float(np.sqrt(np.mean((label - prediction) ** 2)))


@metric(greater_is_better=True)
def hits(label: Array, prediction: Array) -> float:
    """Return the share of predictions that are close."""
    return float(np.mean(np.abs(label - prediction) < 0.2))


OWN = Measures("regression", own={"own_rmse": own_rmse, "hits": hits})


def test_the_metrics_of_a_module_are_found_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_metrics(None) == own_metrics(example.checks) == {}
    monkeypatch.setattr(example.checks, "hits", hits, raising=False)
    assert own_metrics(example.checks) == {"hits": hits}


def test_own_metrics_are_measured_with_the_others() -> None:
    found = OWN.evaluate(LABEL, GOOD)
    assert found == evaluate("regression", LABEL, GOOD) | {"own_rmse": found["rmse"], "hits": hits(LABEL, GOOD)}
    assert OWN.names == (*METRICS["regression"], "own_rmse", "hits")
    assert [OWN.greater_is_better(name) for name in ("rmse", "own_rmse", "r2", "hits")] == [False, False, True, True]
    assert OWN.range_of("own_rmse") == OWN.range_of("rmse") == (0.0, np.inf)


def test_the_gain_in_an_own_metric_is_that_of_the_same_metric_by_means() -> None:
    by_rows, by_means = (OWN.gain(name, LABEL, GOOD, BAD, HOW) for name in ("own_rmse", "rmse"))
    assert by_rows.gain == pytest.approx(by_means.gain, rel=1e-9)
    assert (by_rows.low, by_rows.high) == pytest.approx((by_means.low, by_means.high), rel=1e-6)
    assert by_rows.low > 0


def test_a_gain_in_what_should_be_great_is_positive() -> None:
    assert OWN.gain("hits", LABEL, GOOD, BAD, HOW).low > 0
    assert OWN.gain("hits", LABEL, BAD, GOOD, HOW).high < 0


def test_an_own_metric_may_change_its_arrays() -> None:
    def clipping(label: Array, prediction: Array) -> float:
        prediction[prediction < 0] = 0.0
        label -= prediction
        return float(np.mean(np.abs(label)))

    label, good = LABEL.copy(), GOOD.copy()
    OwnMetric(clipping, greater_is_better=False)(label, good)
    assert (label.tolist(), good.tolist()) == (LABEL.tolist(), GOOD.tolist())


@metric(greater_is_better=False)
def unclipped_log_loss(label: Array, prediction: Array) -> float:
    """Return the log loss, which has no value for a perfect prediction."""
    return float(-np.mean(label * np.log(prediction) + (1 - label) * np.log(1 - prediction)))


@metric(greater_is_better=False)
def share_missed(label: Array, prediction: Array) -> float:
    """Return the share of rows whose class is not the most probable one."""
    return float(np.mean(prediction.argmax(axis=1) != label))


@metric(greater_is_better=True)
def mean_prediction(label: Array, prediction: Array) -> float:  # noqa: ARG001 - the arguments of a metric
    """Return a number that is the same for all models without bias."""
    return float(np.mean(prediction))


CLASSES = np.arange(400.0) % 3
HONEST = [
    (Measures("regression", own={"own_rmse": own_rmse, "hits": hits, "mean": mean_prediction}), LABEL),
    (Measures("classification", own={"log_loss_": unclipped_log_loss, "own_rmse": own_rmse}), (CLASSES > 0) * 1.0),
    (Measures("multiclass", classes=3, own={"share_missed": share_missed}), CLASSES),
]


@pytest.mark.parametrize(("measures", "label"), HONEST)
def test_a_metric_is_misdirected_if_perfect_predictions_are_worse_than_the_baseline(
    measures: Measures, label: Array
) -> None:
    assert measures.misdirected(label) == {}
    turned = {
        name: OwnMetric(own.function, not own.greater_is_better) for name, own in measures.own.items() if name != "mean"
    }
    found = replace(measures, own=turned).misdirected(label)
    assert list(found) == list(turned)
    assert all(" for perfect predictions and " in reason for reason in found.values())


def test_an_own_metric_that_is_not_finite_is_an_error() -> None:
    lost = OwnMetric(lambda *_: float("nan"), greater_is_better=True)
    with pytest.raises(ValueError, match="the metric <lambda> of 400 rows is nan"):
        lost(LABEL, GOOD)
    with pytest.raises(ValueError, match="is nan"):
        resampled_gain(lost, LABEL, (GOOD, BAD), None, HOW)


def test_resamples_without_a_value_are_left_out_until_there_are_too_many() -> None:
    def first_block_counts(share: float) -> OwnMetric:
        def mean(label: Array, prediction: Array) -> float:
            if np.isin(LABEL[: int(400 * share)], label).any():
                return float(prediction.mean())
            raise ValueError("no rows")

        return OwnMetric(mean, greater_is_better=True)

    assert resampled_gain(first_block_counts(0.5), LABEL, (GOOD + 1, BAD), None, HOW).gain > 0.5
    with pytest.raises(ValueError, match="undefined on resamples"):
        resampled_gain(first_block_counts(0.05), LABEL, (GOOD, BAD), None, HOW)


def test_models_can_only_be_compared_on_the_same_rows() -> None:
    with pytest.raises(ValueError, match="only be compared on the same rows"):
        resampled_gain(hits, LABEL, (GOOD, BAD[1:]), None, HOW)
