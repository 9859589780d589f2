"""What a job hands to its tasks."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from mlops.errors import ProjectError
from mlops.probe import job
from mlops.probe.job import Job

NOTHING: Any = SimpleNamespace()
MS = 1_772_874_304_250  # 2026-03-07T09:05:04.250Z
PROBED = Job(NOTHING, NOTHING, "7", job.token("7"), "2026-03-07T09:05:04Z", MS, "s", "m", "1", "/V", "t", "", "", "")


def test_a_task_value_that_arrives_is_the_one_that_was_set() -> None:
    assert job.task_value(PROBED) == "'set in run 7' arrived"


@pytest.mark.parametrize("arrived", ["", "{{tasks.probe_process.values.token}}", job.token("6")])
def test_a_task_value_that_was_lost_or_is_another_runs_fails(arrived: str) -> None:
    with pytest.raises(ProjectError, match="the first task has set 'set in run 7', but"):
        job.task_value(replace(PROBED, task_value=arrived))


@pytest.mark.parametrize("text", ["2026-03-07T09:05:04Z", "2026-03-07T09:05:04.250", "2026-03-07T10:05:04+01:00"])
def test_the_start_of_a_run_may_lack_its_offset_or_have_another(text: str) -> None:
    assert job.start_time(replace(PROBED, started_at=text)).startswith(f"{text!r}, which is 2026-03-07T09:05:04")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-03-07T10:05:04", r"is read as 2026-03-07T10:05:04\+00:00, but the run began at 2026-03-07 09:05:04"),
        ("{{job.start_time.iso_datetime}}", "is not a time"),
        ("", "is not a time"),
    ],
)
def test_a_start_that_is_not_in_utc_or_no_time_fails(text: str, words: str) -> None:
    with pytest.raises(ProjectError, match=words):
        job.start_time(replace(PROBED, started_at=text))
