import numpy as np
import pytest

from mlops.evaluation.metrics import Array, evaluate
from mlops.statistics.explained_variance import Explained, alone, best_explained_share, explained_share, of_groups

RANDOM = np.random.default_rng(7)
LABEL = RANDOM.lognormal(1.0, 2.0, 1200)  # a few extreme values make up most of the variance


def measured(column: Array, label: Array = LABEL) -> Explained:
    return alone(column[:800], label[:800], column[800:], label[800:], seed=1)


def test_the_share_is_r2_and_for_probabilities_the_brier_skill_score() -> None:
    prediction = LABEL + RANDOM.normal(0, 1, len(LABEL))
    assert explained_share(LABEL, prediction).share == pytest.approx(evaluate("regression", LABEL, prediction)["r2"])
    happened = (LABEL > 3).astype(float)
    base = happened.mean()
    probability = np.where(happened > 0, 0.8, 0.1)
    brier = np.mean((probability - happened) ** 2)
    assert explained_share(happened, probability).share == pytest.approx(1 - brier / (base * (1 - base)))


def test_the_naive_baseline_explains_nothing_and_few_rows_are_never_sure() -> None:
    assert explained_share(LABEL, np.full(len(LABEL), LABEL.mean())).share == pytest.approx(0)
    label, error = np.tile([0.0, 1.0, 0.0, 1.0], 300), np.tile([0.1, 0.2, 0.3, 0.4], 300)
    few, many = (explained_share(label[:rows], label[:rows] + error[:rows]) for rows in (12, 1200))
    assert few.share == pytest.approx(many.share)
    assert few.error == pytest.approx(10 * many.error)
    assert few.surely < many.surely < many.share


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_rows_with_one_label_are_an_error(rows: int) -> None:
    with pytest.raises(ValueError, match=f"{rows} rows with the same label do not show what explains it"):
        explained_share(np.ones(rows), np.ones(rows))


@pytest.mark.parametrize(
    "column",
    [LABEL, -LABEL, np.log(LABEL), LABEL**3, 1e15 + np.argsort(np.argsort(LABEL)), np.where(LABEL > 99, np.inf, LABEL)],
    ids=["copy", "negative", "logarithm", "cube", "large ID", "infinite"],
)
def test_any_monotone_function_of_the_label_gives_it_away(column: Array) -> None:
    assert measured(column).share > 0.9
    assert measured(column) == measured(column)


def test_a_missing_value_is_a_value_of_its_own() -> None:
    happened = RANDOM.integers(0, 2, 1200).astype(float)
    assert measured(np.where(happened > 0, np.nan, RANDOM.normal(size=1200)), happened).share == pytest.approx(1)
    assert abs(measured(np.full(1200, np.nan), happened).share) < 0.05


def test_two_groups_explain_the_variance_between_them() -> None:
    group = np.arange(1200) % 4 == 0
    assert of_groups(group, group.astype(float)) == pytest.approx(1)
    assert of_groups(group, RANDOM.normal(size=1200)) < 0.01


def test_the_probabilities_of_several_classes_explain_their_part_of_the_variance() -> None:
    label = np.eye(3)[np.arange(300) % 3]
    assert explained_share(label, label).share == 1.0
    assert explained_share(label, np.full(label.shape, 1 / 3)).share == pytest.approx(0.0)
    assert best_explained_share(label, label, label).share == 1.0


def test_a_column_that_names_the_class_explains_all_of_it_whatever_the_order_of_the_classes() -> None:
    number = (np.arange(300) % 3).astype(float)
    label = np.eye(3)[number.astype(int)]
    assert alone((number + 1) % 3, label, (number + 1) % 3, label, seed=0).share == pytest.approx(1.0)
    assert of_groups(number == 1, label) == pytest.approx(0.5)
