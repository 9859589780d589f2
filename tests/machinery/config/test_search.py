import pytest
import yaml

from mlops.config.load import parse
from mlops.config.search import Search, is_used
from mlops.errors import ProjectError

from example import CONFIG

TREES = {"type": "int", "low": 1, "high": 9}
BOOSTERS = {"type": "categorical", "choices": ["gbtree", "dart", "gblinear"]}


def space(**dimensions: object) -> str:
    settings = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    return yaml.safe_dump(settings | {"search": {"seed": 1, "space": dimensions}})


def parsed(**dimensions: object) -> Search:
    return parse(space(**dimensions)).search


def test_choices_keep_their_types() -> None:
    choices = ["1", 2, 2.5, True, None]
    found = parsed(a={"type": "categorical", "choices": choices}).space["a"].choices
    assert [(type(one), one) for one in found] == [(type(one), one) for one in choices]


def test_a_fixed_value_may_be_null() -> None:
    assert parsed(a={"value": None}, b={"value": False}).space["b"].values == (False,)


def test_parameters_come_after_those_that_their_conditions_name() -> None:
    found = parsed(rate={"value": 0.1, "when": {"booster": ["dart"]}}, booster=BOOSTERS, model__depth=TREES)
    assert found.order.index("booster") < found.order.index("rate")
    assert set(found.order) == set(found.space)


def test_a_parameter_is_used_only_if_all_its_conditions_are_met() -> None:
    one = parsed(booster=BOOSTERS, fast={"value": True}, rate=TREES | {"when": {"booster": ["dart"], "fast": [True]}})
    rate = one.space["rate"]
    assert is_used(rate, {"booster": "dart", "fast": True})
    assert not is_used(rate, {"booster": "gbtree", "fast": True})
    assert not is_used(rate, {"fast": True})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (space(a={}), "search.space.a: give type (float, int or categorical), or a fixed value"),
        (space(a={"type": "int", "low": 1}), "search.space.a: int needs high"),
        (space(a={"type": "categorical"}), "search.space.a: categorical needs choices"),
        (space(a=TREES | {"choices": [1]}), "search.space.a: int does not take choices"),
        (space(a={"value": 1, "log": True}), "search.space.a: value does not take log"),
        (space(a=BOOSTERS | {"log": True}), "search.space.a: categorical does not take log"),
        (space(a=TREES | {"low": 9}), "low (9) must be smaller than high (9)"),
        (space(a=TREES | {"low": 0, "log": True}), "low (0) must be greater than 0 on a logarithmic scale"),
        (space(a=TREES | {"high": 2.5}), "must be whole numbers, or the type float"),
        (space(a={"type": "categorical", "choices": [1, True]}), "the same value twice (1 and true are the same)"),
        (space(a={"type": "categorical", "choices": []}), "choices is empty"),
        (
            space(a={"type": "categorical", "choice": [1]}),
            "unknown key 'search.space.a.choice': did you mean 'choices'",
        ),
        (
            space(booster=BOOSTERS, a=TREES | {"when": {"boster": ["dart"]}}),
            "search: space.a.when.boster: there is no parameter 'boster': did you mean 'booster'?",
        ),
        (
            space(booster=BOOSTERS, a=TREES | {"when": {"booster": ["drat"]}}),
            "search: space.a.when.booster: booster is never 'drat': did you mean 'dart'?",
        ),
        (
            space(b=TREES, a=TREES | {"when": {"b": [3]}}),
            "search: space.a.when.b: b is a range, but a condition needs a parameter with choices or a value",
        ),
        (space(booster=BOOSTERS, a=TREES | {"when": {"booster": []}}), "when.booster: list at least one value"),
        (
            space(
                a={"value": 1, "when": {"b": [2]}},
                b={"value": 2, "when": {"c": [3]}},
                c={"value": 3, "when": {"a": [1]}},
            ),
            "the conditions of ",
        ),
        (space(a={"value": 1, "when": {"a": [1]}}), "the conditions of a form a cycle"),
    ],
)
def test_a_mistake_is_reported_in_one_sentence(text: str, expected: str) -> None:
    with pytest.raises(ProjectError) as error:
        parse(text)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)
