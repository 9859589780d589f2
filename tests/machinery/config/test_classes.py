import pytest
import yaml

from mlops.config.load import parse
from mlops.errors import ProjectError

from example import CONFIG


def configured(**changes: object) -> str:
    settings = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    validation = settings["validation"] | {"metrics": {"f1_macro": {"min": 0.5}}, "slices": {}}
    changed = {"problem_type": "multiclass", "metric": "log_loss", "validation": validation}
    return yaml.safe_dump(settings | changed | changes)


@pytest.mark.parametrize("classes", [["a", "b", "c"], [1, 2, 3]])
def test_the_classes_may_be_texts_or_whole_numbers(classes: list[object]) -> None:
    settings = parse(configured(classes=classes))
    assert list(settings.classes) == classes
    assert settings.measures.classes == 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "problem_type multiclass needs the values of the label, at least 3 of them"),
        ({"classes": ["a", "b"]}, "or use problem_type classification for two classes"),
        ({"classes": [1, "b", "c"]}, "classes: the values must be all texts or all whole numbers"),
        ({"classes": [True, False, "maybe"]}, "put texts such as 'yes' or '1' in quotes"),
        ({"classes": ["a", "b", "a"]}, "classes: the same value is listed twice"),
        ({"classes": "abc"}, "classes: list the values of the label"),
        (
            {"classes": ["a", "b", "c"], "metric": "f1"},
            "'f1' is not a multiclass metric: choose one of accuracy, balanced_accuracy, f1_macro",
        ),
        (
            {"classes": ["a", "b", "c"], "problem_type": "regression"},
            "classes: only problem_type multiclass has them, not regression",
        ),
    ],
)
def test_a_mistake_in_the_classes_is_reported_in_one_sentence(changes: dict[str, object], expected: str) -> None:
    with pytest.raises(ProjectError) as error:
        parse(configured(**changes))
    assert expected in str(error.value)
    assert "\n" not in str(error.value)
