import time
import tracemalloc
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax
from sklearn.metrics import f1_score, roc_auc_score, root_mean_squared_error

from mlops.evaluation.measures import Measures
from mlops.evaluation.metric_intervals import metric_gain
from mlops.evaluation.metrics import DECISION_THRESHOLD, GREATER_IS_BETTER, METRICS, Array
from mlops.statistics.blocks import MOST_BLOCKS
from mlops.statistics.bootstrap import value_gain
from mlops.statistics.resampling import Interval, Resampling

# The metric alone: `evaluate` computes all of a problem type.
ALONE = {
    "rmse": root_mean_squared_error,
    "roc_auc": roc_auc_score,
    "f1": lambda label, score: f1_score(label, score >= DECISION_THRESHOLD),
}


def how(rows: int, blocks: int | None = None, seed: int = 7, confidence: float = 0.9) -> Resampling:
    """Return a resampling of blocks of neighbouring rows; by default, of single rows."""
    block = np.arange(rows) * min(blocks or rows, rows) // max(rows, 1)
    return Resampling(block, resamples=400, confidence=confidence, seed=seed)


def measured(problem_type: str, label: Array, prediction: Array) -> dict[str, float]:
    return Measures(problem_type, classes=3 if prediction.ndim > 1 else 0).evaluate(label, prediction)  # type: ignore[arg-type]


def models(problem_type: str, rows: int, seed: int = 0) -> tuple[Array, Array, Array]:
    """Return labels, and the predictions of a better and of a worse model."""
    random = np.random.default_rng(seed)
    if problem_type == "regression":
        label = random.normal(10, 3, rows)
        return label, label + random.normal(0, 1, rows), label + random.normal(0, 1.5, rows)
    if problem_type == "multiclass":
        scores = random.normal(0, 1, (rows, 3))
        close, far = (softmax(2 * scores + random.normal(0, noise, scores.shape), axis=1) for noise in (0.3, 2.0))
        return (scores + random.normal(0, 0.3, scores.shape)).argmax(axis=1).astype(float), close, far
    score = random.normal(0, 1, rows)
    label = (score + random.normal(0, 0.7, rows) > 0).astype(float)
    close, far = (1 / (1 + np.exp(-(score + random.normal(0, noise, rows)))) for noise in (0.2, 1.0))
    return label, close, far


@pytest.mark.parametrize(
    ("problem_type", "metric"), [(kind, name) for kind, names in METRICS.items() for name in names]
)
@pytest.mark.parametrize("rows", [500, 12_000])
def test_the_gain_is_the_difference_of_the_metrics_and_lies_in_its_interval(
    problem_type: str, metric: str, rows: int
) -> None:
    label, good, bad = models(problem_type, rows)
    found = metric_gain(metric, label, good, bad, how(rows, MOST_BLOCKS))
    difference = measured(problem_type, label, good)[metric] - measured(problem_type, label, bad)[metric]
    assert found.gain == pytest.approx(difference if GREATER_IS_BETTER[metric] else -difference)
    assert 0 < found.low < found.gain < found.high


@pytest.mark.parametrize(
    ("problem_type", "metric"), [("regression", "rmse"), ("classification", "roc_auc"), ("classification", "f1")]
)
@pytest.mark.parametrize("rows", [800, 5000])
def test_the_interval_matches_that_of_resampled_rows(problem_type: str, metric: str, rows: int) -> None:
    label, good, bad = models(problem_type, rows)
    found = metric_gain(metric, label, good, bad, how(rows, MOST_BLOCKS))
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
@pytest.mark.parametrize("rows", [97, 8000])
def test_equal_models_have_a_gain_of_exactly_zero(problem_type: str, metric: str, rows: int) -> None:
    label, good, _ = models(problem_type, rows)
    assert metric_gain(metric, label, good, good.copy(), how(rows, 50)) == Interval(0.0, 0.0, 0.0)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another_one() -> None:
    label, good, bad = models("regression", 200)
    first, again, other = (metric_gain("mae", label, good, bad, how(200, seed=seed)) for seed in (7, 7, 8))
    assert first == again != other


@pytest.mark.parametrize("blocks", [2, 5, 8, 30])
def test_the_interval_of_a_mean_is_that_of_students_t_test_on_blocks(blocks: int) -> None:
    gains = np.random.default_rng(2).normal(0.3, 1, 20 * blocks)
    resampling = Resampling(np.arange(len(gains)) // 20, resamples=20_000, confidence=0.95, seed=1)
    found = value_gain(gains, np.zeros(len(gains)), resampling)
    expected = stats.ttest_1samp(gains.reshape(blocks, 20).mean(axis=1), 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(expected, abs=0.02 * (expected.high - expected.low))


def test_rows_of_one_block_count_together() -> None:
    label, good, bad = models("regression", 200)
    copied = [side.repeat(25) for side in (label, good, bad)]
    once = metric_gain("rmse", label, good, bad, how(200))
    copies = metric_gain("rmse", *copied, how(5000, blocks=200))
    assert (copies.low, copies.high) == pytest.approx((once.low, once.high))


def test_blocks_of_unequal_size_count_as_fewer_blocks() -> None:
    gains = np.random.default_rng(3).normal(0.3, 1, 1000)
    block = np.arange(10).repeat([910, *[10] * 9])  # Kish: 1000^2 / (910^2 + 9 x 10^2) = 1.2 blocks
    wide, narrow = (value_gain(gains, np.zeros(1000), Resampling(block, 400, share, 1)) for share in (0.95, 0.5))
    # With the least degrees of freedom, one, the quantiles are 12.7 and 1.
    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(12.7062)


def freedom(metric: str, label: Array, block: Array) -> float:
    """Return the degrees of freedom of an interval, which the ratio of its widths at two confidence levels tells."""
    random = np.random.default_rng(5)
    good, bad = (np.clip(label + random.normal(0, noise, len(label)), 0.01, 0.99) for noise in (0.5, 0.7))
    wide, narrow = (
        metric_gain(metric, label, good, bad, Resampling(block.astype(np.intp), 400, share, 1)) for share in (0.95, 0.5)
    )
    ratio = (wide.high - wide.low) / (narrow.high - narrow.low)
    found = [
        count for count in range(1, 30) if ratio == pytest.approx(stats.t.ppf(0.975, count) / stats.t.ppf(0.75, count))
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("rarer", [0.0, 1.0])
def test_blocks_without_the_rarer_class_do_not_count(rarer: float) -> None:
    block = np.arange(20).repeat(20)
    # Four of the twenty blocks have half of their rows in the rarer class, and the others have none.
    label = np.where((block < 4) & (np.arange(400) % 2 == 0), rarer, 1 - rarer)
    assert freedom("accuracy", label, block) == 3


def test_the_blocks_of_a_regression_count_whatever_the_sign_of_the_label() -> None:
    block = np.arange(20).repeat(20)
    label = np.where(block < 4, -1.0, 1.0)
    assert freedom("mae", label, block) == 19


def test_business_value_is_compared_by_its_mean() -> None:
    found = value_gain(np.array([3.0, 5.0, 4.0]), np.array([1.0, 2.0, 3.0]), how(3))
    assert found.gain == 2.0
    assert found.low < 2.0 < found.high


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ([], [], "on at least two blocks"),
        ([1.0], [2.0], "on at least two blocks"),
        ([1.0, 2.0], [1.0], "same rows"),
        ([1.0, np.nan], [1.0, 2.0], "finite"),
    ],
)
def test_invalid_predictions_are_not_compared(one: list[float], other: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        value_gain(np.array(one), np.array(other), how(len(one)))


def test_labels_of_one_class_are_refused() -> None:
    with pytest.raises(ValueError, match="one class"):
        metric_gain("roc_auc", np.ones(5), np.linspace(0, 1, 5), np.linspace(0, 1, 5), how(5))


def test_a_class_that_only_one_block_has_gives_no_interval() -> None:
    label = np.array([1.0] * 5 + [0.0] * 45)
    scores = np.random.default_rng(0).random((2, 50))
    with pytest.raises(ValueError, match="undefined on resamples that lack a class"):
        metric_gain("roc_auc", label, scores[0], scores[1], how(50, blocks=10))


def test_an_interval_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Interval(0.2, 0.1, 0.3).low = 0.0  # type: ignore[misc] # on purpose
    with pytest.raises(FrozenInstanceError):
        how(5).confidence = 0.5  # type: ignore[misc] # on purpose


def test_memory_does_not_grow_with_the_resamples() -> None:
    label, good, bad = models("regression", MOST_BLOCKS)
    resampling = Resampling(np.arange(MOST_BLOCKS), resamples=4000, confidence=0.9, seed=7)
    tracemalloc.start()
    metric_gain("rmse", label, good, bad, resampling)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6  # all draws at once would take 4000 x 4096 x 8 bytes, 131 MB


def test_a_comparison_of_many_rows_takes_a_fraction_of_a_second() -> None:
    label, good, bad = models("classification", 10_000)
    start = time.process_time()
    metric_gain("roc_auc", label, good, bad, Resampling(np.arange(10_000) % 30, 1000, 0.95, 7))
    assert time.process_time() - start < 0.5


def test_the_class_with_the_fewest_blocks_decides_how_wide_the_interval_is() -> None:
    label, good, bad = models("multiclass", 600)
    label[:] = np.arange(600) % 2
    label[:60] = 2.0  # all rows of a class are in two of twenty blocks
    wide, narrow = (metric_gain("accuracy", one, good, bad, how(600, 20)) for one in (label, np.arange(600) % 3.0))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
