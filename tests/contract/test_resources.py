"""Databricks accepts every resource, including in the first deployment."""

import importlib
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

import pytest
from databricks.bundles.core import Resource

from bundle_tools.bundle.load import Bundle
from bundle_tools.bundle.references import label

NoneOf = Callable[[Iterable[str]], None]

# Resources that need a table or a model version, which do not exist at the first deployment: a task must create them.
NOT_ON_THE_FIRST_DAY = {"quality_monitors": "a table", "model_serving_endpoints": "a model version"}


def test_every_resource_is_valid_for_the_vendors_own_class(bundle: Bundle, none_of: NoneOf) -> None:
    none_of(
        fault
        for kind, resources in bundle.config["resources"].items()
        for key, resource in (resources or {}).items()
        for fault in _faults(bundle, kind, key, resource)
    )


def test_no_resource_needs_what_the_first_deployment_does_not_have(bundle: Bundle, none_of: NoneOf) -> None:
    none_of(
        f"{bundle.place(f'resources.{kind}.{key}')}: needs {what} that does not exist before the first run of a job, "
        "so the first deployment would fail: let a task create it"
        for kind, what in NOT_ON_THE_FIRST_DAY.items()
        for key in bundle.config["resources"].get(kind) or {}
    )


def test_a_fault_is_located_at_its_key() -> None:
    job = {"name": "j", "tasks": [{"task_key": "a"}, {"task_key": "b", "run_if": "SOMETIMES", "max_retries": 1}]}
    assert _path_of_fault(_class("jobs"), job, "jobs.j") == "jobs.j.tasks[b].run_if"


def _faults(bundle: Bundle, kind: str, key: str, resource: Mapping[str, Any]) -> list[str]:
    path = f"resources.{kind}.{key}"
    try:
        kind_of_resource = _class(kind)
    except ModuleNotFoundError:
        return [f"{bundle.place(path)}: '{kind}' is not a kind of resource"]
    problem = _problem(kind_of_resource, resource)
    return [f"{bundle.place(_path_of_fault(kind_of_resource, resource, path))}: {problem}"] if problem else []


def _class(kind: str) -> Any:  # noqa: ANN401 - one of some thirty classes, found by name
    module = importlib.import_module(f"databricks.bundles.{kind}")
    members = [getattr(module, name) for name in module.__all__]
    return next(member for member in members if isinstance(member, type) and issubclass(member, Resource))


def _problem(kind: Any, resource: Mapping[str, Any]) -> str | None:  # noqa: ANN401 - see _class
    try:
        kind.from_dict(deepcopy(dict(resource)))
    except (ValueError, TypeError, AssertionError) as error:
        return str(error)
    return None


def _path_of_fault(kind: Any, resource: Mapping[str, Any], path: str) -> str:  # noqa: ANN401 - see _class
    """Locate the fault: a key contains it if removing the key changes the problem."""
    tree = deepcopy(dict(resource))
    first = _problem(kind, tree)
    node: Any = tree
    while isinstance(node, dict | list):
        items = list(node.items()) if isinstance(node, dict) else list(enumerate(node))
        for key, value in items:
            kept = deepcopy(node)
            node.pop(key)
            changed = _problem(kind, tree) != first
            node.clear()
            node.update(kept) if isinstance(node, dict) else node.extend(kept)
            if changed:
                path += f".{key}" if isinstance(node, dict) else f"[{label(value, int(key))}]"
                node = node[key]
                break
        else:
            break
    return path


@pytest.mark.parametrize("kind", ["jobs", "schemas", "volumes", "registered_models", "experiments"])
def test_the_vendors_class_of_a_kind_is_found(kind: str) -> None:
    assert _problem(_class(kind), {"nonsense": 1}) is not None
