import pytest

from mlops.errors import did_you_mean, first_line


def test_the_most_similar_name_is_suggested() -> None:
    assert did_you_mean("trian", ["deploy", "train"]) == ": did you mean 'train'?"


def test_all_names_are_listed_if_none_is_similar() -> None:
    assert did_you_mean("zzz", ["one", "two"]) == ": choose one of one, two"
    assert did_you_mean("zzz", {}) == ": there are none to choose from"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("no such table\nDetails: none", "ValueError: no such table"),
        (
            "\n  The worker failed.\nTraceback\n  File x\na.b.TypeError: not a number\n",
            "ValueError: The worker failed. ... not a number",
        ),
        ("Bad data 'a b\n0 1 2' with schema x. Error: b is text.", "ValueError: Bad data 'a b ... b is text."),
    ],
)
def test_the_first_line_of_an_error_also_has_the_cause_at_its_end(message: str, expected: str) -> None:
    assert first_line(ValueError(message)) == expected


def test_the_first_line_of_an_error_is_short() -> None:
    assert len(first_line(ValueError("x" * 1000 + "\nError: " + "y" * 1000))) == 400
