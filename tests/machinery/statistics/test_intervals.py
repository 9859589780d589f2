import numpy as np
import pytest

from mlops.evaluation.measures import Measures
from mlops.evaluation.own_metrics import OwnMetric
from mlops.statistics.resampling import Resampling

RANDOM = np.random.default_rng(0)
HOW = Resampling(np.arange(600) // 20, resamples=400, confidence=0.95, seed=1)


def test_the_interval_of_a_mean_error_is_that_of_the_textbook() -> None:
    label = RANDOM.normal(size=600)
    prediction = label + RANDOM.normal(size=600)
    found = Measures("regression").interval("mae", label, prediction, HOW)
    off = np.abs(prediction - label).reshape(30, 20).mean(axis=1)
    assert found.gain == pytest.approx(off.mean())
    assert (found.high - found.low) / 2 == pytest.approx(2.045 * off.std(ddof=1) / np.sqrt(30), rel=0.15)


def test_a_metric_keeps_its_own_sign() -> None:
    label = (RANDOM.random(600) < 0.4).astype(float)
    prediction = np.clip(0.3 * label + RANDOM.random(600) * 0.7, 0, 1)
    measures = Measures("classification")
    for name in ("roc_auc", "log_loss"):
        found = measures.interval(name, label, prediction, HOW)
        assert found.low < found.gain < found.high
        assert found.gain == pytest.approx(measures.evaluate(label, prediction)[name])


def test_a_metric_of_the_project_has_the_same_interval_as_the_built_in_one() -> None:
    label = RANDOM.normal(size=600)
    prediction = label + RANDOM.normal(size=600)
    own = OwnMetric(lambda label, prediction: float(np.abs(label - prediction).mean()), greater_is_better=False)
    measures = Measures("regression", own={"own": own})
    found, expected = (measures.interval(name, label, prediction, HOW) for name in ("own", "mae"))
    assert (found.gain, found.low, found.high) == pytest.approx((expected.gain, expected.low, expected.high))
