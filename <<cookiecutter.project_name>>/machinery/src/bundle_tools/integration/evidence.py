"""What the checks of integration look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from databricks.sdk import WorkspaceClient

from mlops.config.load import ProjectConfig
from mlops.errors import ProjectError

from ..bundle.load import Bundle
from .limits import Limits
from .runs import JobResult
from .warehouse import Warehouse


@dataclass(frozen=True)
class Evidence:
    """What the checks look at."""

    bundle: Bundle
    config: ProjectConfig
    limits: Limits
    client: WorkspaceClient
    warehouse: Warehouse
    runs: Sequence[JobResult]

    def parameter(self, task: str, name: str) -> str:
        """Return a parameter of a task as it ran, with the task values of the tasks before it.

        Raises:
            ProjectError: No task with this path ran, or it had no such parameter.
        """
        for result in (task_result for run in self.runs for task_result in run.tasks):
            if result.path == task and name in result.parameters:
                return result.parameters[name]
        raise ProjectError(f"the run does not tell the parameter {name} of {task}")
