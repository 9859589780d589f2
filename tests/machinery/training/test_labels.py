import pandas as pd
import pytest

from mlops.errors import ProjectError
from mlops.training.labels import require_classes

from example import PROJECT

SETTINGS = PROJECT.config.model_copy(update={"problem_type": "classification", "label": "late"})


def rows(train: list[float], holdout: list[float]) -> dict[str, pd.DataFrame]:
    return {"train": pd.DataFrame({"late": train}), "holdout": pd.DataFrame({"late": holdout})}


def test_two_classes_in_each_split_are_enough() -> None:
    require_classes(SETTINGS, rows([0.0, 1.0, 1.0], [1.0, 0.0]))


def test_a_split_of_one_class_is_an_error() -> None:
    with pytest.raises(ProjectError, match="all 2 holdout rows have late = 1, but a classifier needs rows"):
        require_classes(SETTINGS, rows([0.0, 1.0], [1.0, 1.0]))


def test_other_labels_than_0_and_1_are_an_error() -> None:
    with pytest.raises(ProjectError, match=r"the label late has the values 0.5, 2, but classification needs 0 and 1"):
        require_classes(SETTINGS, rows([0.0, 1.0, 2.0], [1.0, 0.5]))


def test_a_value_may_be_the_same_everywhere() -> None:
    require_classes(SETTINGS.model_copy(update={"problem_type": "regression"}), rows([1.0], [1.0]))
