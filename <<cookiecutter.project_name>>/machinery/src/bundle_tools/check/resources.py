"""Databricks accepts every resource, including in the first deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlops.feature_store.store_names import name_problem

from ..bundle.load import Bundle
from .checked_project import CheckedProject
from .in_every_target import in_every_target
from .outcome import NotApplicableError
from .tally import Tally
from .vendor_classes import path_of_fault, problem_of, resource_class

_ONLINE_STORE = "online_store"  # a variable of the bundle
# Resources that need a table or a model version, which do not exist at the first deployment: a task must create them.
_NOT_ON_THE_FIRST_DAY = {"quality_monitors": "a table", "model_serving_endpoints": "a model version"}


def every_resource_is_valid_for_the_vendors_own_class(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every resource is one that Databricks' own class accepts."""

    def faults(bundle: Bundle) -> Iterator[str]:
        for kind, key, resource in _resources(bundle):
            looked.add("resource", (kind, key))
            path = f"resources.{kind}.{key}"
            vendor_class = resource_class(kind)
            if vendor_class is None:
                yield f"{bundle.place(path)}: '{kind}' is not a kind of resource"
            elif problem := problem_of(vendor_class, resource):
                yield f"{bundle.place(path_of_fault(vendor_class, resource, path))}: {problem}"

    yield from in_every_target(project, looked, faults)


def the_first_deployment_has_what_every_resource_needs(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """No resource needs what does not exist before the first run of a job."""

    def faults(bundle: Bundle) -> Iterator[str]:
        for kind, key, _ in _resources(bundle):
            looked.add("resource", (kind, key))
            if kind in _NOT_ON_THE_FIRST_DAY:
                yield (
                    f"{bundle.place(f'resources.{kind}.{key}')}: needs {_NOT_ON_THE_FIRST_DAY[kind]} that does not "
                    "exist before the first run of a job, so the first deployment would fail: let a task create it"
                )

    yield from in_every_target(project, looked, faults)


def _resources(bundle: Bundle) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for kind, resources in bundle.config["resources"].items():
        for key, resource in (resources or {}).items():
            yield kind, key, resource


def databricks_accepts_the_name_of_the_online_store(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Databricks accepts the name of the online store."""
    if not any(bundle.variables.get(_ONLINE_STORE) for bundle in project.bundles.values()):
        raise NotApplicableError("no target has an online store")

    def faults(bundle: Bundle) -> Iterator[str]:
        if name := str(bundle.variables.get(_ONLINE_STORE) or ""):
            looked.add("name", name)
            if problem := name_problem(name):
                yield f"{bundle.place(f'variables.{_ONLINE_STORE}')}: {problem}"

    yield from in_every_target(project, looked, faults)


CHECKS = (
    every_resource_is_valid_for_the_vendors_own_class,
    the_first_deployment_has_what_every_resource_needs,
    databricks_accepts_the_name_of_the_online_store,
)
