"""The Databricks utilities (dbutils) of the running job: they alone can set task values."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from pyspark.sql import SparkSession

from ..errors import ProjectError, first_line

log = logging.getLogger(__name__)

_SDK = "databricks.sdk"  # its own implementation is for other machines: `jobs.taskValues.set` has an empty body there
_NO_JOB = (
    "run the task as a job with the environment or the runtime that databricks.yml names, without a databricks-sdk of "
    "your own; if it already is one, report this sentence."
)


def find_utilities(spark: SparkSession) -> Any:  # noqa: ANN401 - a class of the runtime, which publishes no types
    """Return the utilities of the running job.

    Where the runtime's namespace cannot be built, newer versions of databricks-sdk return utilities of their own
    (databricks/sdk/runtime/__init__.py), which lose task values without an error. So the namespace of the shell, where
    MLflow finds them (mlflow/utils/databricks_utils.py), and those of the Spark session are asked as well.

    Returns:
        The first that can set task values; else those of the SDK, which can at least read secrets; None without any.
    """
    candidates = list(_candidates(spark))
    return next((each for each in candidates if loses_task_values(each) is None), next(iter(candidates), None))


def loses_task_values(utilities: Any) -> str | None:  # noqa: ANN401 - as above
    """Return why task values that are set with these utilities would be lost, or None if they can set them."""
    if utilities is None:
        return "this compute has no Databricks utilities"
    name = class_name(utilities)
    if name.startswith(f"{_SDK}."):
        return f"the Databricks utilities are {name}, which sets none"
    setter = getattr(getattr(getattr(utilities, "jobs", None), "taskValues", None), "set", None)
    return None if callable(setter) else f"the Databricks utilities are {name}, which cannot set any"


def require_task_values(utilities: Any) -> str:  # noqa: ANN401 - as above
    """Return the name of the class of the utilities.

    Raises:
        ProjectError: Task values would be lost.
    """
    if (reason := loses_task_values(utilities)) is not None:
        raise ProjectError(f"task values would be lost, so that no later task gets them: {reason}: {_NO_JOB}")
    return class_name(utilities)


def class_name(utilities: object) -> str:
    """Return the name of a class with its module."""
    return f"{type(utilities).__module__}.{type(utilities).__qualname__}"


def _candidates(spark: SparkSession) -> Iterator[Any]:
    for source in (_of_runtime, _of_shell, _of_session):
        if (utilities := _tried(source, spark)) is not None:
            yield utilities


def _tried(source: Callable[[SparkSession], Any], spark: SparkSession) -> Any:  # noqa: ANN401 - as above
    try:
        return source(spark)
    except Exception as error:  # noqa: BLE001 - each source fails in a way of its own, and another may have them
        log.info("no Databricks utilities from %s: %s", source.__name__, first_line(error))
        return None


def _of_runtime(_: SparkSession) -> Any:  # noqa: ANN401 - as above
    from databricks.sdk.runtime import dbutils  # noqa: PLC0415 - importing it may need credentials

    return dbutils


def _of_shell(_: SparkSession) -> Any:  # noqa: ANN401 - as above
    from IPython import get_ipython  # noqa: PLC0415 - only the platform has it

    shell = get_ipython()
    return None if shell is None else shell.user_ns.get("dbutils")


def _of_session(spark: SparkSession) -> Any:  # noqa: ANN401 - as above
    from pyspark.dbutils import DBUtils  # noqa: PLC0415 - only the platform's pyspark has it

    return DBUtils(spark)
