import pytest

from mlops.config.features import Function
from mlops.errors import ProjectError
from mlops.features import on_demand


def triple(miles: float) -> float:
    """Three times as far."""
    return 3 * miles


def test_only_the_configured_functions_are_defined() -> None:
    wanted = [Function(function="triple", inputs={"miles": column}, output=f"3_{column}") for column in ("a", "b")]
    assert list(on_demand.definitions(wanted, {"triple": triple})) == ["triple"]


@pytest.mark.parametrize(
    ("name", "inputs", "told"),
    [
        ("tripel", {"miles": "a"}, r"no function tripel: did you mean 'triple'\?.*add it"),
        ("triple", {"mile": "a"}, "triple takes miles, but project.yml gives out the inputs mile"),
        ("triple", {"miles": "a", "more": "b"}, "gives out the inputs miles, more"),
    ],
)
def test_the_error_names_the_mistake(name: str, inputs: dict[str, str], told: str) -> None:
    with pytest.raises(ProjectError, match=told):
        on_demand.definitions([Function(function=name, inputs=inputs, output="out")], {"triple": triple})
