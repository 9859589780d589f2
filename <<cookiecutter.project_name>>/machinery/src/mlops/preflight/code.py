"""Checks the functions of the project against its configuration, without any data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..errors import ProjectError, did_you_mean
from ..features import on_demand
from ..project import Project


def problems(project: Project) -> Iterator[str]:
    """Yield what is wrong with the functions of features.py, functions.py and checks.py, a sentence each."""
    config = project.config
    yield from _arguments("features.spine", project.spine, config.spine_sources)
    for name in config.own_tables:
        function = project.feature_tables.get(name)
        if function is None:
            hint = did_you_mean(name, project.feature_tables)
            yield f"features.py has no function {name}, but project.yml declares a feature table of that name{hint}"
        else:
            yield from _arguments(f"features.{name}", function, config.table_sources(name))
    for call in config.functions:
        try:
            on_demand.definitions([call], project.functions, config.lookup_keys)
        except ProjectError as error:
            yield str(error)
    for name in config.validation.custom:
        if name not in project.checks:
            hint = did_you_mean(name, project.checks)
            yield f"checks.py has no function {name}, but validation.custom in project.yml gives it a bound{hint}"


def _arguments(name: str, function: Callable[..., Any], sources: Sequence[str]) -> Iterator[str]:
    """Compare the parameters of a function with the sources that it gets, which are passed by their position."""
    signature = inspect.signature(function)
    try:
        signature.bind(*sources)
    except TypeError:
        yield (
            f"{name} takes {_as_text(list(signature.parameters))}, but project.yml passes it the "
            f"source{'s' if len(sources) > 1 else ''} {', '.join(sources)}: give it one parameter for each"
        )
        return
    names = [source for source in signature.parameters if source in sources]
    if len(names) > 1 and names != [source for source in sources if source in names]:
        yield (
            f"{name} has the parameters {', '.join(names)}, but project.yml passes the sources in the order "
            f"{', '.join(sources)}: use the same order in both"
        )


def _as_text(names: list[str]) -> str:
    return f"the parameters {', '.join(names)}" if names else "no parameters"
