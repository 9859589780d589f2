"""The project's own checks: a function of checks.py computes one number, and its bound is in the configuration."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import ProjectError, did_you_mean
from .check import Check, within
from .evidence import Evidence


def custom(evidence: Evidence) -> Iterator[Check]:
    """The number of each of the project's own checks lies within its bound, and each of these checks has a bound.

    Raises:
        ProjectError: A bound has no function, or a function has no bound.
    """
    bounds, measures = evidence.settings.validation.custom, evidence.checks
    for name in bounds:
        if name not in measures:
            raise ProjectError(f"validation.custom.{name}: checks.py has no such check{did_you_mean(name, measures)}")
    for name, measure in measures.items():
        if name not in bounds:
            raise ProjectError(f"the check {name} has no bound: give it one in validation.custom of project.yml")
        yield within(name, float(measure(evidence)), bounds[name])
