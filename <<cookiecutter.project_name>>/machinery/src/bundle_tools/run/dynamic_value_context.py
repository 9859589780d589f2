"""The `{{...}}` values of one run."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..bundle.merge import Tree

# https://docs.databricks.com/jobs/dynamic-value-references; times are UTC.
_TIMES: dict[str, Callable[[datetime], str]] = {
    "iso_date": lambda time: f"{time:%Y-%m-%d}",
    "iso_datetime": lambda time: f"{time:%Y-%m-%dT%H:%M:%SZ}",
    "iso_weekday": lambda time: str(time.isoweekday()),
    "is_weekday": lambda time: str(time.isoweekday() <= 5).lower(),  # noqa: PLR2004 - Friday
    "year": lambda time: str(time.year),
    "month": lambda time: str(time.month),
    "day": lambda time: str(time.day),
    "hour": lambda time: str(time.hour),
    "minute": lambda time: str(time.minute),
    "second": lambda time: str(time.second),
    "timestamp_ms": lambda time: str(int(time.timestamp() * 1000)),
}


@dataclass(frozen=True)
class Finished:
    """What later tasks can refer to after a task has finished; `state` is in lower case, as on Databricks."""

    state: str
    run_id: int
    attempts: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Context:
    """The run whose values are needed; without `task_key` it is the job itself, before its first task."""

    job_key: str
    job_id: str
    job_name: str
    run_id: int
    started: datetime
    trigger: str = "one_time"
    parameters: Mapping[str, str] = field(default_factory=dict)
    task_key: str | None = None
    task_run_id: int = 0
    attempt: int = 1
    tasks: Mapping[str, Finished] = field(default_factory=dict)
    workspace_id: str = "0"
    workspace_url: str = ""

    def values(self) -> dict[tuple[str, ...], str]:
        """Return all values by the parts of their names."""
        known = {
            ("job", "id"): self.job_id,
            ("job", "name"): self.job_name,
            ("job", "run_id"): str(self.run_id),
            ("job", "repair_count"): "0",  # a local run is never repaired
            ("job", "trigger", "type"): self.trigger,
            ("workspace", "id"): self.workspace_id,
            ("workspace", "url"): self.workspace_url,
        }
        for form, write in _TIMES.items():
            known["job", "start_time", form] = known["job", "trigger", "time", form] = write(self.started)
        known |= {("job", "parameters", name): value for name, value in self.parameters.items()}
        if self.task_key is not None:
            known["task", "name"] = self.task_key
            known["task", "run_id"] = str(self.task_run_id)
            known["task", "execution_count"] = str(self.attempt)
        for key, task in self.tasks.items():
            known["tasks", key, "result_state"] = task.state
            known["tasks", key, "run_id"] = str(task.run_id)
            known["tasks", key, "execution_count"] = str(task.attempts)
            known |= {("tasks", key, "values", name): value_text(value) for name, value in task.values.items()}
        return known


# The values that every task of every job can refer to; only their names are used.
ALWAYS_KNOWN = frozenset(Context("", "", "", 0, datetime(2000, 1, 1, tzinfo=UTC), task_key="").values())


def value_text(value: Tree) -> str:
    """Return a task value as text: a string unchanged, anything else as JSON (true, 3, ["a"])."""
    return value if isinstance(value, str) else json.dumps(value)
