"""The names of what a deployment serves, as its jobs get them: variables may still refer to resources of the bundle."""

from __future__ import annotations

from mlops.errors import ProjectError

from ..bundle.load import Bundle


def serves(bundle: Bundle) -> bool:
    """Return whether the jobs of the bundle serve an endpoint."""
    return _parameter(bundle, "endpoint_name") is not None


def endpoint_name(bundle: Bundle) -> str:
    """Return the name of the endpoint.

    Raises:
        ProjectError: The bundle has none.
    """
    name = _parameter(bundle, "endpoint_name")
    if not name:
        raise ProjectError("this project serves no endpoint: no job has the parameter endpoint_name.")
    return name


def training_table(bundle: Bundle) -> str:
    """Return the three-level name of the table with the rows of training runs.

    Raises:
        ProjectError: The bundle has none.
    """
    table = _parameter(bundle, "training_table")
    if not table:
        raise ProjectError("no job of the bundle names the training_table, which has rows to ask about.")
    return table


def _parameter(bundle: Bundle, name: str) -> str | None:
    """Return the first fixed value that a task of the bundle has for a parameter."""
    for job in bundle.jobs.values():
        for task in job.get("tasks") or []:
            value = str(task.get("python_wheel_task", {}).get("named_parameters", {}).get(name, ""))
            if value and "{{" not in value:
                return value
    return None
