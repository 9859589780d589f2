"""Ask the platform about its job, its workspace and its services, and fail if any answer of this run is no."""

from __future__ import annotations

from collections import Counter

from ..errors import ProjectError
from ..platform.base import Platform
from ..probe.answer import answers
from ..probe.job import Job
from ..probe.questions import OF_THE_JOB
from ..probe.results import Results
from ..project import Project
from . import task

NAME = __name__.rpartition(".")[2]


class Parameters(task.Parameters):
    """What the questions are about, and where the answers go; `mlops.probe.job.Job` describes each."""

    run_id: str
    task_value: str
    started_at: str
    started_at_ms: int
    schema_name: str
    model_name: str
    experiment_id: str
    volume: str
    probe_table: str
    payload_table: str = ""
    served_entities_table: str
    online_store: str = ""


class Values(task.Values):
    """How many questions of the run have which answer, and where the answers are."""

    probe: str


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Print the answers, and add them to the table.

    Raises:
        ProjectError: An answer of this run, also of its first task, is no.
    """
    results = Results(platform.tables, parameters.probe_table, parameters.run_id)
    probed = Job(project=project, platform=platform, **parameters.model_dump())
    results.report(NAME, answers(OF_THE_JOB, probed))
    statuses = results.statuses()
    if failed := [question for question, status in statuses.items() if status == "failed"]:
        raise ProjectError(
            f"the platform failed {len(failed)} of the questions: {', '.join(failed)}; what to do about each is in the "
            f"output of the tasks and in {parameters.probe_table}."
        )
    counts = sorted(Counter(statuses.values()).items())
    return Values(probe=f"{', '.join(f'{count} {status}' for status, count in counts)}, in {results.name}")
