from __future__ import annotations

from bundle_tools.bundle.load import load
from bundle_tools.check.job_tasks import job_tasks
from mlops.tasks import ENTRY_POINTS

from generated import generated_project


def called(**answers: object) -> set[str]:
    """The entry points that the jobs of a project with these answers call."""
    project = generated_project(**answers)
    return {
        job_task.task["python_wheel_task"]["entry_point"]
        for target in ("dev", "staging", "prod")
        for job_task in job_tasks(load(project, target, environ={}))
        if "python_wheel_task" in job_task.task
    }


def test_every_entry_point_is_run_by_a_job_of_some_project() -> None:
    everything = called(approval="manual", inference="streaming", serving=True)
    assert called() < {*ENTRY_POINTS}
    assert called() | everything == {*ENTRY_POINTS}
