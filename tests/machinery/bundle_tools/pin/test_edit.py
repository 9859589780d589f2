import pytest
import yaml

from bundle_tools.pin.edit import replace_space
from mlops.config.search import Dimension
from mlops.errors import ProjectError

TEXT = """# My project.
label: price # dollars

# What is tried.
search:
  seed: 1 # never change
  space: # two of them
    rate: {type: float, low: 0.1, high: 0.5} # tuned by hand
    # a comment between
    leaves:
      type: int # whole
      low: 4
      high: 64 # at most

    # before the last
    gone: {type: float, low: 0.0, high: 1.0} # not used

validation: {x: 1} # after
"""
SPACE = {"rate": Dimension(value=0.25), "leaves": Dimension.model_validate({"type": "int", "low": 8, "high": 16})}
EXPECTED = """# My project.
label: price # dollars

# What is tried.
# Pinned by make pin: run abc
search:
  seed: 1 # never change
  space: # two of them
    rate: {value: 0.25} # tuned by hand
    # a comment between
    leaves: {type: int, low: 8, high: 16} # at most

    # before the last

validation: {x: 1} # after
"""


def test_only_the_parameters_change_and_their_origin_is_in_a_comment() -> None:
    assert replace_space(TEXT, SPACE, "run abc") == EXPECTED


def test_a_second_pin_replaces_the_comment_of_the_first() -> None:
    again = replace_space(EXPECTED, SPACE, "run def")
    assert again == EXPECTED.replace("run abc", "run def")


@pytest.mark.parametrize(
    "text",
    [
        "search: {seed: 1, space: {gone: {value: 1}, rate: {value: 2}, leaves: {value: 3}}}\n",
        "search:\n  space: {rate: {value: 2}, leaves: {value: 3}, gone: {value: 1}}\n  seed: 1\n",
        "search:\n  seed: 1\n  space:\n    rate: {value: 2}\n    leaves: {value: 3}\n    gone: {value: 1}",
    ],
)
def test_other_layouts_are_edited_too(text: str) -> None:
    found = yaml.safe_load(replace_space(text, SPACE, "run abc"))
    assert found["search"]["space"] == {"rate": {"value": 0.25}, "leaves": {"type": "int", "low": 8, "high": 16}}
    assert found["search"]["seed"] == 1


@pytest.mark.parametrize("text", ["label: x\n", "search: {seed: 1}\n", ""])
def test_a_file_without_a_search_space_is_refused(text: str) -> None:
    with pytest.raises(ProjectError, match=r"project\.yml has no \w+ to pin"):
        replace_space(text, SPACE, "run abc")
