"""The classes of a multiclass label: what the configuration may name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator, StrictInt, StrictStr

_FEWEST = 3


def _all_of_one_type(classes: object) -> object:
    if not isinstance(classes, list | tuple):
        raise ValueError("list the values of the label")  # noqa: TRY004 - pydantic reports ValueErrors
    if not (all(type(label) is int for label in classes) or all(type(label) is str for label in classes)):
        raise ValueError("the values must be all texts or all whole numbers: put texts such as 'yes' or '1' in quotes")
    if len(set(classes)) < len(classes):
        raise ValueError("the same value is listed twice")
    return classes


# The values of a multiclass label, in the order of the probabilities that the model returns.
Classes = Annotated[tuple[StrictInt | StrictStr, ...], BeforeValidator(_all_of_one_type)]


def require_classes_where_needed(problem_type: str, classes: Iterable[object]) -> None:
    """Make sure that classes are listed for the problem type multiclass, and only there.

    Raises:
        ValueError: They are missing, too few, or not used.
    """
    count = len(tuple(classes))
    if problem_type != "multiclass" and count:
        raise ValueError(f"classes: only problem_type multiclass has them, not {problem_type}: remove one of them")
    if problem_type == "multiclass" and count < _FEWEST:
        raise ValueError(
            f"classes: problem_type multiclass needs the values of the label, at least {_FEWEST} of them: list them, "
            "or use problem_type classification for two classes"
        )
