"""Databricks' own classes for the resources of a bundle, which refuse unknown fields, wrong values and missing ones."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from databricks.bundles.core import Resource

from ..bundle.references import label


def resource_class(kind: str) -> Any | None:  # noqa: ANN401 - one of some thirty classes, found by name
    """Return the class of a kind of resource, such as `jobs`, or None if there is no such kind."""
    try:
        module = importlib.import_module(f"databricks.bundles.{kind}")
    except ModuleNotFoundError:
        return None
    members = (getattr(module, name) for name in getattr(module, "__all__", ()))
    return next((member for member in members if isinstance(member, type) and issubclass(member, Resource)), None)


def problem_of(vendor_class: Any, resource: Mapping[str, Any]) -> str:  # noqa: ANN401 - see resource_class
    """Return why the class refuses a resource, or an empty string."""
    try:
        vendor_class.from_dict(deepcopy(dict(resource)))
    except (ValueError, TypeError, AssertionError) as error:
        return str(error) or type(error).__name__
    return ""


def path_of_fault(vendor_class: Any, resource: Mapping[str, Any], path: str) -> str:  # noqa: ANN401 - see resource_class
    """Return the key path of the fault, below `path`: a key contains it if removing the key changes the problem."""
    tree = deepcopy(dict(resource))
    first = problem_of(vendor_class, tree)
    node: Any = tree
    while isinstance(node, dict | list):
        for key, value in list(node.items()) if isinstance(node, dict) else list(enumerate(node)):
            kept = deepcopy(node)
            node.pop(key)
            changed = problem_of(vendor_class, tree) != first
            node.clear()
            node.update(kept) if isinstance(node, dict) else node.extend(kept)
            if changed:
                path += f".{key}" if isinstance(node, dict) else f"[{label(value, int(key))}]"
                node = node[key]
                break
        else:
            break
    return path
