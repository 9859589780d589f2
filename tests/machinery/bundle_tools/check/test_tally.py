from __future__ import annotations

import pytest

from bundle_tools.check.tally import Tally, count_text


def test_things_are_counted_once_each() -> None:
    tally = Tally()
    tally.add("job", "a", "b")
    tally.add("job", "a")
    assert str(tally) == "2 jobs"
    assert not tally.is_empty


def test_what_is_around_the_things_is_shown_but_is_not_what_was_looked_at() -> None:
    tally = Tally()
    tally.add_around("target", "dev")
    tally.add("job")
    assert str(tally) == "1 target"
    assert tally.is_empty


@pytest.mark.parametrize(
    ("number", "noun", "expected"),
    [(1, "job", "1 job"), (0, "hook", "0 hooks"), (3, "policy", "3 policies"), (2, "key", "2 keys")],
)
def test_a_noun_is_counted(number: int, noun: str, expected: str) -> None:
    assert count_text(number, noun) == expected
