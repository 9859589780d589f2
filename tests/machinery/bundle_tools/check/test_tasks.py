from __future__ import annotations

from pathlib import Path

from bundle_tools.bundle.load import load
from bundle_tools.check.job_tasks import job_tasks
from mlops.tasks import ENTRY_POINTS


def test_every_entry_point_is_run_by_a_job(root: Path) -> None:
    bundles = [load(root, target, environ={}) for target in ("dev", "staging", "prod")]
    called = {
        job_task.task["python_wheel_task"]["entry_point"]
        for bundle in bundles
        for job_task in job_tasks(bundle)
        if "python_wheel_task" in job_task.task
    }
    assert called == {*ENTRY_POINTS}
