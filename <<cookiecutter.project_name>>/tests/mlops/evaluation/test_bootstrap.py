import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score, root_mean_squared_error

from mlops.evaluation.bootstrap import GROUPS, Interval, metric_gain, value_gain
from mlops.evaluation.metrics import DECISION_THRESHOLD, GREATER_IS_BETTER, METRICS, Array, evaluate

HOW = {"resamples": 400, "confidence": 0.9, "seed": 7}
# The metric alone: `evaluate` computes all of a problem type.
ALONE = {
    "rmse": root_mean_squared_error,
    "roc_auc": roc_auc_score,
    "f1": lambda label, score: f1_score(label, score >= DECISION_THRESHOLD),
}


def models(problem_type: str, rows: int, seed: int = 0) -> tuple[Array, Array, Array]:
    """Return labels, and the predictions of a better and of a worse model."""
    random = np.random.default_rng(seed)
    if problem_type == "regression":
        label = random.normal(10, 3, rows)
        return label, label + random.normal(0, 1, rows), label + random.normal(0, 1.5, rows)
    score = random.normal(0, 1, rows)
    label = (score + random.normal(0, 0.7, rows) > 0).astype(float)
    close, far = (1 / (1 + np.exp(-(score + random.normal(0, noise, rows)))) for noise in (0.2, 1.0))
    return label, close, far


@pytest.mark.parametrize(
    ("problem_type", "metric"), [(kind, name) for kind, names in METRICS.items() for name in names]
)
@pytest.mark.parametrize("rows", [500, 3 * GROUPS])
def test_the_gain_is_the_difference_of_the_metrics_and_lies_in_its_interval(
    problem_type: str, metric: str, rows: int
) -> None:
    label, good, bad = models(problem_type, rows)
    found = metric_gain(metric, label, good, bad, **HOW)
    difference = evaluate(problem_type, label, good)[metric] - evaluate(problem_type, label, bad)[metric]  # type: ignore[arg-type]
    assert found.gain == pytest.approx(difference if GREATER_IS_BETTER[metric] else -difference)
    assert 0 < found.low < found.gain < found.high


@pytest.mark.parametrize(
    ("problem_type", "metric"), [("regression", "rmse"), ("classification", "roc_auc"), ("classification", "f1")]
)
@pytest.mark.parametrize("rows", [800, GROUPS + 1000])
def test_the_interval_matches_that_of_resampled_rows(problem_type: str, metric: str, rows: int) -> None:
    label, good, bad = models(problem_type, rows)
    found = metric_gain(metric, label, good, bad, **HOW)
    random = np.random.default_rng(1)
    gains = []
    for _ in range(120):
        drawn = random.integers(rows, size=rows)
        pair = [ALONE[metric](label[drawn], model[drawn]) for model in (good, bad)]
        gains.append((pair[0] - pair[1]) * (1 if GREATER_IS_BETTER[metric] else -1))
    low, high = np.quantile(gains, [0.05, 0.95])
    assert found.high - found.low == pytest.approx(high - low, rel=0.3)
    assert found.low == pytest.approx(low, abs=0.3 * (high - low))


@pytest.mark.parametrize(
    ("problem_type", "metric"), [(kind, name) for kind, names in METRICS.items() for name in names]
)
@pytest.mark.parametrize("rows", [97, 2 * GROUPS + 1])
def test_equal_models_have_a_gain_of_exactly_zero(problem_type: str, metric: str, rows: int) -> None:
    label, good, _ = models(problem_type, rows)
    assert metric_gain(metric, label, good, good.copy(), **HOW) == Interval(0.0, 0.0, 0.0)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another_one() -> None:
    label, good, bad = models("regression", 200)
    first, again = (metric_gain("mae", label, good, bad, **HOW) for _ in range(2))
    assert first == again != metric_gain("mae", label, good, bad, **(HOW | {"seed": 8}))


def test_a_true_difference_of_zero_is_inside_the_interval_as_often_as_the_confidence_says() -> None:
    inside = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        label = random.normal(0, 1, 300)
        one, other = (label + random.normal(0, 1, 300) for _ in range(2))
        found = metric_gain("rmse", label, one, other, resamples=200, confidence=0.9, seed=seed)
        inside += found.low <= 0 <= found.high
    assert 47 <= inside <= 60


def test_business_value_is_compared_by_its_mean() -> None:
    found = value_gain(np.array([3.0, 5.0, 4.0]), np.array([1.0, 2.0, 3.0]), **HOW)
    assert found.gain == 2.0
    assert found.low >= 1.0


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ([], [], "on at least one row"),
        ([1.0, 2.0], [1.0], "same rows"),
        ([1.0, np.nan], [1.0, 2.0], "finite"),
    ],
)
def test_invalid_predictions_are_not_compared(one: list[float], other: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        value_gain(np.array(one), np.array(other), **HOW)


def test_labels_of_one_class_are_refused() -> None:
    with pytest.raises(ValueError, match="one class"):
        metric_gain("roc_auc", np.ones(5), np.linspace(0, 1, 5), np.linspace(0, 1, 5), **HOW)


def test_memory_does_not_grow_with_the_resamples() -> None:
    label, good, bad = models("regression", GROUPS)
    tracemalloc.start()
    metric_gain("rmse", label, good, bad, resamples=4000, confidence=0.9, seed=7)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6  # all draws at once would take 4000 x 4096 x 8 bytes, 131 MB
