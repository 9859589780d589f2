from __future__ import annotations

import pytest

from bundle_tools.check.schedules import quartz_problem


@pytest.mark.parametrize("expression", ["0 0 3 * * ?", "0 30 4 ? * MON-FRI", "0 0/15 * 1,15 * ? 2030"])
def test_valid_quartz_expressions_are_accepted(expression: str) -> None:
    assert quartz_problem(expression) == ""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 3 * * *", "has 5 fields"),
        ("0 0 3 * * *", "needs a ?"),
        ("0 0 3 ? * ?", "needs a ?"),
        ("0 0 3 ? * 0", "outside 1 (Sunday)"),
        ("0 0 25 * * ?", "not a cron expression"),
        ("0 61 3 * * ?", "not a cron expression"),
        ("0 0 3 ? * MOO", "not a cron expression"),
    ],
)
def test_invalid_quartz_expressions_are_recognised(expression: str, expected: str) -> None:
    assert expected in quartz_problem(expression)
