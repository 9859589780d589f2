from typing import Any

import pytest

from bundle_tools.pin.pinned import of_run, pinned_space
from mlops.config.search import Search
from mlops.errors import ProjectError


def search(**space: dict[str, Any]) -> Search:
    return Search.model_validate({"seed": 1, "space": space})


SPACE = search(
    rate={"type": "float", "low": 0.01, "high": 1.0, "log": True},
    leaves={"type": "int", "low": 10, "high": 110},
    kernel={"type": "categorical", "choices": ["rbf", "linear", None, True]},
    gamma={"type": "float", "low": 0.0, "high": 1.0, "when": {"kernel": ["rbf"]}},
    depth={"value": 3},
)
RUN = {"rate": "0.1", "leaves": "60", "kernel": "rbf", "gamma": "0.5", "depth": "3", "naive_baseline": "1.0"}


def test_the_values_of_a_run_have_the_types_of_the_search_space() -> None:
    assert of_run(SPACE, RUN) == {"rate": 0.1, "leaves": 60, "kernel": "rbf", "gamma": 0.5, "depth": 3}
    assert of_run(SPACE, RUN | {"kernel": "True"})["kernel"] is True
    assert of_run(SPACE, RUN | {"kernel": "None"})["kernel"] is None


def test_a_parameter_whose_condition_is_not_met_need_not_be_in_the_run() -> None:
    values = of_run(SPACE, RUN | {"kernel": "linear"})
    assert "gamma" not in values
    found = pinned_space(SPACE, values, 0)
    assert "gamma" not in found
    assert search(**{name: one.model_dump(exclude_unset=True) for name, one in found.items()})


def test_fixed_values_keep_their_conditions() -> None:
    found = pinned_space(SPACE, of_run(SPACE, RUN), 0)
    assert {name: one.value for name, one in found.items()} == of_run(SPACE, RUN)
    assert found["gamma"].when == {"kernel": ("rbf",)}


@pytest.mark.parametrize(("value", "low", "high"), [("60", 45, 75), ("12", 10, 40), ("110", 80, 110), ("10", 10, 40)])
def test_a_narrowed_range_has_the_share_of_its_width_and_stays_inside(value: str, low: int, high: int) -> None:
    found = pinned_space(SPACE, of_run(SPACE, RUN | {"leaves": value}), 0.3)["leaves"]
    assert (found.low, found.high) == (low, high)


def test_a_logarithmic_range_is_narrowed_by_its_logarithms() -> None:
    found = pinned_space(SPACE, of_run(SPACE, RUN), 0.5)["rate"]
    assert (found.low, found.high) == (pytest.approx(0.0316, rel=0.01), pytest.approx(0.316, rel=0.01))
    assert pinned_space(SPACE, of_run(SPACE, RUN), 0.5)["kernel"] == SPACE.space["kernel"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"rate": "0.1"}, "the run has no parameter leaves"),
        (RUN | {"kernel": "poly"}, "the run has kernel 'poly', but search.space has rbf, linear"),
        (RUN | {"leaves": "many"}, "the run has leaves 'many', which is not a number"),
    ],
)
def test_a_run_of_another_search_space_is_refused(params: dict[str, str], told: str) -> None:
    with pytest.raises(ProjectError, match=told):
        of_run(SPACE, params)
