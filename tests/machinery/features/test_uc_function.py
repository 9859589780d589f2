from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import Any

import pytest

from mlops.errors import ProjectError
from mlops.features.uc_function import Definition, define

LIMIT = 3


def far(miles: float | None, limit: int = LIMIT) -> bool | None:
    """Return whether the distance is far."""
    return None if miles is None else miles > limit


def rounded(miles: float, name: str, day: date, sure: bool) -> str:  # noqa: FBT001 - a type to test
    """It's a name; and more.

    With details that nobody sees.
    """
    import math  # noqa: PLC0415 - a function of Unity Catalog must import what it needs inside itself

    def inner(value: float) -> int:
        return math.floor(value)

    return f"{name}{day.year if sure else 0}{[inner(part) for part in (miles, 1.5)]}"


def hour(moment: datetime) -> float:
    """The hour."""
    return float(moment.hour)


def test_a_definition_is_a_function_of_unity_catalog() -> None:
    found = define(rounded)
    assert found.parameters == (("miles", "double"), ("name", "string"), ("day", "date"), ("sure", "boolean"))
    statement = found.statement("`dev`.`s`.`rounded_1`")
    assert statement.startswith(
        "CREATE FUNCTION IF NOT EXISTS `dev`.`s`.`rounded_1`"
        "(`miles` DOUBLE, `name` STRING, `day` DATE, `sure` BOOLEAN)\nRETURNS STRING\nLANGUAGE PYTHON\n"
    )
    assert "COMMENT 'It\\'s a name; and more.'" in statement
    assert statement.endswith("return rounded(miles, name, day, sure)\n$$")
    assert "nobody sees" not in statement


def test_a_definition_computes_the_same_as_the_function() -> None:
    arguments = (2.7, "x", date(2020, 1, 1), True)
    assert define(rounded).compiled()(*arguments) == rounded(*arguments) == "x2020[2, 1]"


def test_a_definition_survives_a_round_trip_through_json() -> None:
    assert Definition.from_json(define(hour).to_json()) == define(hour)


def test_a_changed_body_is_a_new_version_and_a_changed_comment_is_not() -> None:
    first = define(hour)
    body = Definition(first.function, first.parameters, first.returns, first.body + " + 1", first.comment)
    words = Definition(first.function, first.parameters, first.returns, first.body, "other words")
    assert first.name != body.name
    assert first.name == words.name
    assert first.name.startswith("hour_")


def no_annotation(miles) -> float:  # type: ignore[no-untyped-def] # noqa: ANN001 - the mistake under test
    return float(miles)


def no_result(miles: float):  # type: ignore[no-untyped-def] # noqa: ANN201 - likewise
    return miles


def odd_type(miles: list[float]) -> float:
    return miles[0]


def uses_a_constant(miles: float) -> float:
    return sum(miles * LIMIT for _ in (1, 2))


def uses_a_module(moment: float) -> float:
    return float(datetime.fromtimestamp(moment).hour)  # noqa: DTZ006 - not the mistake under test


def dollars(name: str) -> str:
    return name + "$$"


@cache
def decorated(miles: float) -> float:
    return miles


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (no_annotation, "must annotate the parameter miles with one of float"),
        (no_result, "must annotate its result with one of float"),
        (odd_type, "must annotate the parameter miles"),
        (far, "far uses LIMIT from outside the function"),
        (uses_a_constant, "uses LIMIT from outside the function, which Unity Catalog lacks"),
        (uses_a_module, "uses datetime from outside the function"),
        (dollars, "must not contain"),
        (decorated, "must be a plain function"),
    ],
)
def test_a_function_that_unity_catalog_could_not_run_is_refused(function: Callable[..., Any], told: str) -> None:
    with pytest.raises(ProjectError, match=told) as caught:
        define(function)
    assert str(caught.value).startswith(f"functions.py: {function.__name__} ")
