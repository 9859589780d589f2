import numpy as np
import pytest

from mlops.evaluation.metrics import GREATER_IS_BETTER, METRICS, as_predictions, evaluate, naive_baseline


def test_regression_metrics_have_their_textbook_values() -> None:
    found = evaluate("regression", np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0]))
    assert found == pytest.approx({"rmse": (4 / 3) ** 0.5, "mae": 2 / 3, "r2": 1 - 4 / 2})


def test_classification_metrics_have_their_textbook_values() -> None:
    found = evaluate("classification", np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.6, 0.5, 0.9]))
    assert found["roc_auc"] == 0.75
    assert found["accuracy"] == 0.75
    assert found["f1"] == pytest.approx(0.8)
    assert found["log_loss"] == pytest.approx(-np.mean(np.log([0.9, 0.4, 0.5, 0.9])))


@pytest.mark.parametrize("problem_type", ["regression", "classification"])
def test_every_declared_metric_is_measured_and_has_a_direction(problem_type: str) -> None:
    found = evaluate(problem_type, np.array([0.0, 1.0]), np.array([0.2, 0.9]))  # type: ignore[arg-type]
    assert set(found) == set(METRICS[problem_type]) <= set(GREATER_IS_BETTER)


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2", "roc_auc", "log_loss", "accuracy", "f1"])
def test_the_direction_of_a_metric_prefers_the_better_prediction(metric: str) -> None:
    label = np.array([0.0, 1.0, 0.0, 1.0])
    problem_type = "regression" if metric in METRICS["regression"] else "classification"
    good = evaluate(problem_type, label, np.array([0.1, 0.9, 0.2, 0.8]))[metric]  # type: ignore[arg-type]
    bad = evaluate(problem_type, label, np.array([0.9, 0.1, 0.8, 0.2]))[metric]  # type: ignore[arg-type]
    assert (good > bad) == GREATER_IS_BETTER[metric]


@pytest.mark.parametrize(
    ("label", "prediction", "expected"),
    [
        ([], [], "cannot evaluate 0"),
        ([1.0], [1.0, 2.0], "cannot evaluate 2 predictions on 1"),
        ([1.0, 0.0], [np.nan, 1.0], "finite"),
        ([np.inf, 0.0], [1.0, 1.0], "finite"),
    ],
)
@pytest.mark.parametrize("problem_type", ["regression", "classification"])
def test_invalid_labels_or_predictions_are_an_error(
    problem_type: str, label: list[float], prediction: list[float], expected: str
) -> None:
    with pytest.raises(ValueError, match=expected):
        evaluate(problem_type, np.array(label), np.array(prediction))  # type: ignore[arg-type]


def test_a_classifier_is_not_evaluated_on_one_class() -> None:
    with pytest.raises(ValueError, match="one class"):
        evaluate("classification", np.ones(3), np.array([0.1, 0.2, 0.3]))


def test_the_naive_baseline_is_the_mean() -> None:
    assert naive_baseline(np.array([1.0, 2.0, 6.0])) == 3.0


def test_predictions_are_one_column_or_one_for_each_of_several_classes() -> None:
    assert as_predictions([1, 2]).tolist() == [1.0, 2.0]
    assert as_predictions([[1], [2]]).tolist() == [1.0, 2.0]
    assert as_predictions([[0.3, 0.7], [0.9, 0.1]]).tolist() == [0.7, 0.1]
    assert as_predictions([[0.1, 0.2, 0.7]]).tolist() == [[0.1, 0.2, 0.7]]
    with pytest.raises(ValueError, match=r"shape \(1, 1, 1\)"):
        as_predictions([[[0.1]]])
