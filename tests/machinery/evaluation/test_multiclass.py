import numpy as np
import pytest
from scipy.special import softmax
from sklearn import metrics as sk

from mlops.evaluation.measures import Measures
from mlops.evaluation.metrics import METRICS
from mlops.evaluation.multiclass import evaluate_classes

RANDOM = np.random.default_rng(0)
LABEL = RANDOM.choice(4, 500, p=[0.5, 0.3, 0.15, 0.05]).astype(float)
CHANCE = softmax(np.eye(4)[LABEL.astype(int)] * 1.5 + RANDOM.normal(0, 1, (500, 4)), axis=1)
THREE = Measures("multiclass", classes=4)


def test_the_metrics_of_classes_are_those_of_scikit_learn() -> None:
    chosen = CHANCE.argmax(axis=1)
    expected = {
        "accuracy": sk.accuracy_score(LABEL, chosen),
        "balanced_accuracy": sk.balanced_accuracy_score(LABEL, chosen),
        "f1_macro": sk.f1_score(LABEL, chosen, average="macro"),
        "log_loss": sk.log_loss(LABEL, CHANCE),
        "roc_auc": sk.roc_auc_score(LABEL, CHANCE, multi_class="ovr", average="macro"),
    }
    assert THREE.evaluate(LABEL, CHANCE) == pytest.approx(expected)
    assert set(expected) == set(METRICS["multiclass"])


def test_rows_without_one_of_the_classes_can_be_evaluated() -> None:
    some = LABEL < 2
    found = evaluate_classes(LABEL[some], CHANCE[some])
    assert found["balanced_accuracy"] == pytest.approx(
        np.mean([(CHANCE[one == LABEL].argmax(axis=1) == one).mean() for one in (0, 1)])
    )
    assert all(np.isfinite(value) for value in found.values())


def test_rows_of_one_class_cannot_be_evaluated() -> None:
    with pytest.raises(ValueError, match="all labels are of one class"):
        evaluate_classes(np.zeros(3), CHANCE[:3])


@pytest.mark.parametrize("prediction", [CHANCE[:, 0], CHANCE[:, :3], CHANCE[1:]])
def test_predictions_that_are_not_one_probability_for_each_class_are_an_error(prediction: np.ndarray) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match="cannot evaluate predictions of shape"):
        THREE.evaluate(LABEL, prediction)


def test_the_naive_baseline_is_the_share_of_each_class() -> None:
    shares = THREE.naive_baseline(np.array([0.0, 0.0, 1.0, 3.0]))
    assert shares.tolist() == [0.5, 0.25, 0.0, 0.25]
    assert THREE.shape(7) == (7, 4)
    assert Measures("regression").naive_baseline(np.array([1.0, 3.0])) == 2.0
