"""Questions about what a job hands to its tasks, asked by the second task of the job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from ..errors import ProjectError
from ..parameters import UtcDatetime
from ..platform.base import Platform
from ..project import Project

_TOLERANCE = timedelta(seconds=1)  # the time in ISO 8601 may lack the fraction


@dataclass(frozen=True)
class Job:
    """What the questions of the second task need to know.

    Attributes:
        project: The project.
        platform: The platform of the task.
        run_id: Identifies the run of the job.
        task_value: The value that the first task has set, as this task received it.
        started_at: The start of the run, as {{job.start_time.iso_datetime}} gives it.
        started_at_ms: The same in milliseconds since 1970, as {{job.start_time.timestamp_ms}} gives it.
        schema_name: Two-level name of the schema.
        model_name: Three-level name of the registered model.
        experiment_id: The experiment of training runs.
        volume: The path of the volume: `/Volumes/...`.
        probe_table: Three-level name of the table of answers.
        payload_table: What an endpoint has served; empty without one.
        served_entities_table: The system table with the versions that endpoints serve.
        online_store: The online store; empty without one.
    """

    project: Project
    platform: Platform
    run_id: str
    task_value: str
    started_at: str
    started_at_ms: int
    schema_name: str
    model_name: str
    experiment_id: str
    volume: str
    probe_table: str
    payload_table: str
    served_entities_table: str
    online_store: str

    @property
    def folder(self) -> str:
        """The folder of probes in the volume, of which one runs at a time."""
        return f"{self.volume.rstrip('/')}/probe"


def token(run_id: str) -> str:
    """Return the value that the first task of a run sets."""
    return f"set in run {run_id}"


def task_value(probed: Job) -> str:
    """Whether a task value arrives in the next task."""
    if probed.task_value != token(probed.run_id):
        raise ProjectError(f"the first task has set {token(probed.run_id)!r}, but {probed.task_value!r} arrived")
    return f"{probed.task_value!r} arrived"


def start_time(probed: Job) -> str:
    """What the start of a run looks like, and whether it is the start when it is read as a time in UTC."""
    try:
        time: datetime = TypeAdapter(UtcDatetime).validate_python(probed.started_at)
    except ValidationError as error:
        raise ProjectError(f"{probed.started_at!r} is not a time: {error.errors()[0]['msg']}") from None
    exact = datetime.fromtimestamp(probed.started_at_ms / 1000, UTC)
    if abs(time - exact) > _TOLERANCE:
        raise ProjectError(f"{probed.started_at!r} is read as {time.isoformat()}, but the run began at {exact}")
    return f"{probed.started_at!r}, which is {time.isoformat()}"
