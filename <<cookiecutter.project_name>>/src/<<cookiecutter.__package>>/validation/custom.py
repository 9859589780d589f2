"""Checks of the project's own: a decorated function measures, its bound is in the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from ..errors import ProjectError, did_you_mean
from ..gates import Check, within
from .evidence import Evidence

Measure = Callable[[Evidence], float]
M = TypeVar("M", bound=Measure)

_MEASURES: dict[str, Measure] = {}


def check(measure: M) -> M:
    """Make a check of a function that measures one number; `validation.custom.<its name>` bounds it."""
    _MEASURES[measure.__name__] = measure
    return measure


def custom(evidence: Evidence) -> Iterator[Check]:
    """Every own check with a bound lies in it, and every one has a bound.

    Raises:
        ProjectError: A bound has no function, or a function no bound.
    """
    from .. import checks  # noqa: F401, PLC0415 - importing it registers the project's checks

    bounds = evidence.settings.validation.custom
    for name in bounds:
        if name not in _MEASURES:
            raise ProjectError(f"validation.custom.{name}: checks.py has no such check{did_you_mean(name, _MEASURES)}")
    for name, measure in _MEASURES.items():
        if name not in bounds:
            raise ProjectError(f"the check {name} has no bound: give it one in validation.custom of project.yml")
        yield within(name, float(measure(evidence)), bounds[name])
