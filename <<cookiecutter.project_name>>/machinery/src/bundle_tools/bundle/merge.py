"""Merges two pieces of bundle configuration."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mlops.errors import ProjectError

Tree = Any  # parsed YAML: maps, lists and scalars of unknown shape

# Lists of a job in which elements with the same name are merged. The CLI does this after it resolves variables.
KEYED_LISTS = {"tasks": "task_key", "job_clusters": "job_cluster_key", "parameters": "name"}


def merge(base: Tree, override: Tree, place: str) -> Tree:
    """Return `base` with `override` merged into it: maps merge, lists are concatenated, and null is ignored.

    Raises:
        ProjectError: At `place`, a map or a list would be merged with a value of another type.
    """
    if base is None or override is None:
        return base if override is None else override
    if isinstance(base, dict) and isinstance(override, dict):
        merged = dict(base)
        for key, value in override.items():
            merged[key] = merge(base[key], value, f"{place}.{key}") if key in base else value
        return merged
    if isinstance(base, list) and isinstance(override, list):
        return [*base, *override]
    if isinstance(base, dict | list) or isinstance(override, dict | list):
        raise ProjectError(
            f"{place} is a {type(override).__name__} where the bundle already has a {type(base).__name__}: "
            "use the same type for both"
        )
    return override


def join_keyed(job: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the job with tasks, job clusters and parameters merged by name, in the order of first appearance."""
    joined = dict(job)
    for field, name in KEYED_LISTS.items():
        if not isinstance(job.get(field), list):
            continue
        elements: dict[Any, Any] = {}
        for position, element in enumerate(job[field]):
            if not isinstance(element, dict) or not element.get(name):
                raise ProjectError(f"{place}.{field}[{position}] has no {name}: add one")
            key = str(element[name])
            elements[key] = merge(elements.get(key), {**element, name: key}, f"{place}.{field}[{key}]")
        joined[field] = list(elements.values())
    return joined


def as_text(value: Tree) -> str:
    """Return a scalar as the CLI converts it to text: true, 3, 0.5 (never 1e-05), 1.2 for 1.20."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        digits = f"{Decimal(repr(value)):f}"
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    return str(value)
