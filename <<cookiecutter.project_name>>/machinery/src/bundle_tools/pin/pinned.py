"""The search space that is left once the hyperparameters of a run are fixed, or their ranges are narrowed around it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mlops.config.search import Choice, Dimension, Search, is_used
from mlops.errors import ProjectError


def of_run(search: Search, params: Mapping[str, str]) -> dict[str, Choice]:
    """Return the values of the search space that a run has logged, in their types.

    Raises:
        ProjectError: The run lacks a parameter that it must have used, or has a value that the space does not contain.
    """
    choices: dict[str, Choice] = {}
    for name in search.order:
        if is_used(search.space[name], choices):
            if name not in params:
                raise ProjectError(
                    f"the run has no parameter {name}, which search.space of project.yml names: choose a training run "
                    "of this search space."
                )
            choices[name] = _value(name, search.space[name], params[name])
    return choices


def pinned_space(search: Search, values: Mapping[str, Choice], keep: float) -> dict[str, Dimension]:
    """Return the new search space.

    Args:
        search: The present search.
        values: The values of the run, as `of_run` returns them.
        keep: The share of each range that is kept around its value, from 0 to less than 1; 0 fixes all values. On a
            logarithmic scale it is the share of the logarithms. Choices are kept unless all values are fixed.

    Returns:
        The parameters; when all values are fixed, those that the run did not use are left out.
    """
    if keep == 0:
        return {name: _fix(search.space[name], values[name]) for name in search.space if name in values}
    return {
        name: _narrow(dimension, values[name], keep) if name in values else dimension
        for name, dimension in search.space.items()
    }


def _value(name: str, dimension: Dimension, text: str) -> Choice:
    if dimension.type in {"int", "float"}:
        try:
            number = float(text)
        except ValueError:
            raise ProjectError(f"the run has {name} {text!r}, which is not a number.") from None
        return int(number) if dimension.type == "int" else number
    for choice in dimension.values:
        if str(choice) == text:
            return choice
    raise ProjectError(f"the run has {name} {text!r}, but search.space has {', '.join(map(str, dimension.values))}.")


def _fix(dimension: Dimension, value: Choice) -> Dimension:
    return Dimension.model_validate({"value": value} | ({"when": dimension.when} if dimension.when else {}))


def _narrow(dimension: Dimension, value: Choice, keep: float) -> Dimension:
    if (
        dimension.type not in {"int", "float"}
        or dimension.low is None
        or dimension.high is None
        or not isinstance(value, int | float)
    ):
        return dimension
    there, back = (math.log, math.exp) if dimension.log else (float, float)
    low, high, middle = there(dimension.low), there(dimension.high), there(value)
    half = (high - low) * keep / 2
    # At the end of the range the window is moved, not cut, so that it keeps its width.
    start = min(max(middle - half, low), high - 2 * half)
    ends = back(start), back(start + 2 * half)
    if dimension.type == "int":
        ends = float(math.floor(ends[0])), float(math.ceil(ends[1]))
    bounds = {"low": max(_round(ends[0]), dimension.low), "high": min(_round(ends[1]), dimension.high)}
    bounds = {"low": min(bounds["low"], value), "high": max(bounds["high"], value)}
    return dimension.model_copy(update=bounds) if bounds["low"] < bounds["high"] else _fix(dimension, value)


def _round(number: float) -> float:
    return float(f"{number:.4g}")
