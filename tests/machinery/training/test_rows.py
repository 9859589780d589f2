import numpy as np
import pandas as pd
import pytest

from mlops.config.load import ProjectConfig
from mlops.config.search import Training
from mlops.errors import ProjectError
from mlops.training.rows import of_split

from example import PROJECT

SETTINGS = PROJECT.config


def settings(weights: str | None) -> ProjectConfig:
    return SETTINGS.model_copy(update={"training": Training(weights=weights)})


def frame(label: list[float], weight: list[float]) -> pd.DataFrame:
    features = pd.DataFrame(0.0, index=range(len(label)), columns=list(SETTINGS.features))
    return features.assign(**{SETTINGS.label: label, "weight": weight})


def test_rows_have_no_weights_unless_the_configuration_names_them() -> None:
    rows = frame([0.0, 1.0], [1.0, 2.0])
    assert of_split(settings(None), rows, "train").weights is None
    found = of_split(settings("weight"), rows, "train")
    assert list(found.weights) == [1.0, 2.0]  # type: ignore[arg-type]
    assert list(found.features) == list(SETTINGS.features)
    assert list(found.label) == [0.0, 1.0]


def test_balanced_classes_have_the_same_total_weight() -> None:
    label = np.array([0.0, 0.0, 0.0, 1.0])
    weights = of_split(settings("balanced"), frame(list(label), [1.0] * 4), "train").weights
    assert weights is not None
    assert weights[label == 0].sum() == weights[label == 1].sum() == 2.0


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        ([1.0, np.nan], "the weights weight are missing, negative or infinite in 1 of 2 train rows"),
        ([-1.0, np.inf], "the weights weight are missing, negative or infinite in 2 of 2 train rows"),
        ([0.0, 0.0], "the weights weight are 0 in all of 2 train rows"),
    ],
)
def test_weights_that_cannot_be_used_are_an_error(weight: list[float], expected: str) -> None:
    with pytest.raises(ProjectError, match=expected):
        of_split(settings("weight"), frame([0.0, 1.0], weight), "train")
