from __future__ import annotations

import pytest

from bundle_tools.check.vendor_classes import path_of_fault, problem_of, resource_class


@pytest.mark.parametrize("kind", ["jobs", "schemas", "volumes", "registered_models", "experiments"])
def test_the_vendors_class_of_a_kind_is_found(kind: str) -> None:
    assert problem_of(resource_class(kind), {"nonsense": 1}) != ""


def test_there_is_no_class_of_an_unknown_kind() -> None:
    assert resource_class("job") is None


def test_a_fault_is_located_at_its_key() -> None:
    job = {"name": "j", "tasks": [{"task_key": "a"}, {"task_key": "b", "run_if": "SOMETIMES", "max_retries": 1}]}
    assert path_of_fault(resource_class("jobs"), job, "jobs.j") == "jobs.j.tasks[b].run_if"
