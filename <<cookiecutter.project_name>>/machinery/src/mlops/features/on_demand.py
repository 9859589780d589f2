"""The functions of functions.py that the configuration uses, as definitions for Unity Catalog."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from ..config.features import Function
from ..errors import ProjectError, did_you_mean
from .uc_function import Definition, define


def definitions(
    wanted: Iterable[Function], functions: Mapping[str, Callable[..., Any]], keys: Container[str] = ()
) -> dict[str, Definition]:
    """Return the definitions of the functions, by name.

    Args:
        wanted: The functions that the configuration uses.
        functions: The functions of functions.py.
        keys: The columns that are lookup keys: integers that are computed for them stay integers.

    Raises:
        ProjectError: functions.py lacks a function, a function cannot run in Unity Catalog, or its parameters differ
            from its inputs in the configuration.
    """
    wanted, found = list(wanted), {}
    of_keys = {one.function for one in wanted if one.output in keys}
    for one in wanted:
        function = functions.get(one.function)
        if function is None:
            hint = did_you_mean(one.function, functions)
            raise ProjectError(f"functions.py has no function {one.function}{hint}: add it, or correct project.yml.")
        found[one.function] = definition = define(function, integers=one.function in of_keys)
        parameters = [name for name, _ in definition.parameters]
        if set(parameters) != set(one.inputs):
            raise ProjectError(
                f"functions.py: {one.function} takes {', '.join(parameters) or 'nothing'}, but project.yml gives "
                f"{one.output} the inputs {', '.join(one.inputs)}: give the same names in both."
            )
    return found
