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
    wanted, defined = list(wanted), {}
    of_keys = {call.function for call in wanted if call.output in keys}
    for call in wanted:
        function = functions.get(call.function)
        if function is None:
            hint = did_you_mean(call.function, functions)
            raise ProjectError(f"functions.py has no function {call.function}{hint}: add it, or correct project.yml.")
        defined[call.function] = definition = define(function, integers=call.function in of_keys)
        parameters = [name for name, _ in definition.parameters]
        if set(parameters) != set(call.inputs):
            raise ProjectError(
                f"functions.py: {call.function} takes {', '.join(parameters) or 'nothing'}, but project.yml gives "
                f"{call.output} the inputs {', '.join(call.inputs)}: give the same names in both."
            )
    return defined
