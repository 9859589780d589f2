"""The parameters of a job or a task at its start."""

from collections.abc import Mapping
from typing import Any

from mlops.errors import ProjectError, did_you_mean

from ..bundle.references import remaining_references
from .dynamic_values import Context, fill


def of_job(job: Mapping[str, Any], given: Mapping[str, str], context: Context) -> dict[str, str]:
    """Return the values of a job's parameters: the given ones, otherwise the defaults.

    Raises:
        ProjectError: The job has no such parameter.
    """
    defaults = {parameter["name"]: parameter["default"] for parameter in job.get("parameters") or []}
    for name in given:
        if name not in defaults:
            raise ProjectError(f"Job '{context.job_key}' has no parameter '{name}'{did_you_mean(name, defaults)}")
    return with_values({**defaults, **given}, context)


def with_values(texts: Mapping[str, str], context: Context) -> dict[str, str]:
    """Return the parameters with their `{{...}}` replaced.

    Raises:
        ProjectError: A value was never set, or needs an id that exists only after deployment.
    """
    for name, path in remaining_references(dict(texts), ""):
        task = f", task '{context.task_key}'" if context.task_key else ""
        raise ProjectError(
            f"Job '{context.job_key}'{task}, parameter {path.lstrip('.')} needs ${{{name}}}, which exists only after "
            "deployment: set the value with a variable"
        )
    values: dict[str, str] = fill(dict(texts), context)
    return values
