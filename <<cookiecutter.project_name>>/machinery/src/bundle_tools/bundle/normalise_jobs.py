"""Converts the fields of a job that must be text, whatever their YAML type."""

from collections.abc import Mapping
from typing import Any

from mlops.errors import ProjectError

from .merge import Tree, as_text, join_keyed


def tidy(job: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the job with its named lists merged, and its parameters and conditions as text, as the API expects.

    Raises:
        ProjectError: A parameter is a map or a list, or a task has no key.
    """
    tidied = join_keyed(job, place)
    if tidied.get("parameters"):
        tidied["parameters"] = [
            {**parameter, "default": _text(parameter.get("default", ""), f"{place}.parameters[{parameter['name']}]")}
            for parameter in tidied["parameters"]
        ]
    if tidied.get("tasks"):
        tidied["tasks"] = [_tidy_task(task, f"{place}.tasks[{task['task_key']}]") for task in tidied["tasks"]]
    return tidied


def _tidy_task(task: Mapping[str, Any], place: str) -> dict[str, Any]:
    tidied = dict(task)
    for kind, field in (("python_wheel_task", "named_parameters"), ("run_job_task", "job_parameters")):
        settings = tidied.get(kind)
        if settings and settings.get(field):
            texts = _texts(settings[field], f"{place}.{kind}.{field}")
            tidied[kind] = {**settings, field: texts}
    if tidied.get("condition_task"):
        tidied["condition_task"] = _texts(tidied["condition_task"], f"{place}.condition_task")
    if tidied.get("depends_on"):
        tidied["depends_on"] = [_texts(dependency, f"{place}.depends_on") for dependency in tidied["depends_on"]]
    return tidied


def _texts(values: Tree, place: str) -> dict[str, str]:
    if not isinstance(values, dict):
        raise ProjectError(f"{place} is not a map of names to values: write name: value")
    # As in the CLI, null is the same as a missing key.
    return {str(name): _text(value, f"{place}.{name}") for name, value in values.items() if value is not None}


def _text(value: Tree, place: str) -> str:
    if isinstance(value, dict | list):
        raise ProjectError(f"{place} is a {type(value).__name__}: a parameter is a single value, so write it as text")
    return as_text(value) if value is not None else ""
