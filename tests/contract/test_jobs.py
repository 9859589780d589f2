"""Every job matches the code that it runs, and sets how it is run."""

from __future__ import annotations

import re
import shutil
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from contract.triggers import TRIGGERS, start_inference_by
from croniter import croniter
from croniter.croniter import CroniterError
from databricks.bundles.jobs import TriggerSettings

from bundle_tools.bundle.bundle_files import ROOT_FILE
from bundle_tools.bundle.load import Bundle, load
from bundle_tools.bundle.normalise_jobs import tidy
from bundle_tools.run import entry_points
from bundle_tools.run import task_order as plan
from mlops.errors import ProjectError, did_you_mean

NoneOf = Callable[[Iterable[str]], None]
Job = Mapping[str, Any]

SAID_BY_EVERY_JOB = {
    "description": "not set: say in one sentence what the job does",
    "max_concurrent_runs": "not set: set how many runs may run at once",
    "timeout_seconds": "not set, so a run that hangs never ends",
}
MOST_NESTED = 3
FIELDS = "second minute hour day-of-month month day-of-week year"


@pytest.fixture(scope="session")
def described(root: Path) -> Mapping[str, plan.EntryPoint]:
    try:
        return entry_points.describe(entry_points.load(root))
    except ProjectError as error:
        return pytest.fail(str(error), pytrace=False)


def test_tasks_fit_their_entry_points_and_each_other(
    bundle: Bundle, root: Path, described: Mapping[str, plan.EntryPoint], none_of: NoneOf
) -> None:
    faults = []
    for key in bundle.jobs:
        try:
            plan.check(bundle, described, [key], package=entry_points.package(root))
        except ProjectError as error:
            faults.append(str(error))
    none_of(dict.fromkeys(faults))


def test_every_entry_point_is_run_by_a_job(
    bundles: dict[str, Bundle], described: Mapping[str, plan.EntryPoint], none_of: NoneOf
) -> None:
    tasks = [task for bundle in bundles.values() for _, _, task in _tasks(bundle)]
    used = {_entry_point(task) for task in tasks}
    none_of(f"pyproject.toml: project.scripts.{name}: no job runs it" for name in described if name not in used)


def test_one_job_alone_moves_the_alias_champion_one_run_at_a_time(bundle: Bundle) -> None:
    """No registry can lock an alias, so the queue of this job does."""
    (job,) = [job for job, _, task in _tasks(bundle) if _entry_point(task) == "change_champion"]
    assert (job["max_concurrent_runs"], job["queue"]["enabled"]) == (1, True)


def _entry_point(task: Mapping[str, Any]) -> str | None:
    return task.get("python_wheel_task", {}).get("entry_point")


def test_every_task_has_the_compute_that_it_names(bundle: Bundle, none_of: NoneOf) -> None:
    faults = []
    for job, place, task in _tasks(bundle):
        for field, listed in (("environment_key", "environments"), ("job_cluster_key", "job_clusters")):
            known = [str(one.get(field)) for one in job.get(listed) or []]
            if field in task and task[field] not in known:
                hint = did_you_mean(str(task[field]), known)
                faults.append(f"{place}.{field}: the job has no {listed[:-1]} '{task[field]}'{hint}")
        if "python_wheel_task" in task and not any(".whl" in text for text in _installed(job, task)):
            faults.append(f"{place}: its compute does not install the project's wheel")
    none_of(faults)


def _installed(job: Job, task: Job) -> list[str]:
    environments = {one["environment_key"]: one.get("spec") or {} for one in job.get("environments") or []}
    dependencies = environments.get(task.get("environment_key", ""), {}).get("dependencies") or []
    return [*map(str, dependencies), *(str(library.get("whl")) for library in task.get("libraries") or [])]


def test_schedules_are_quartz_expressions_in_a_known_time_zone(bundle: Bundle, none_of: NoneOf) -> None:
    faults = []
    for key, job in bundle.jobs.items():
        schedule = job.get("schedule")
        if not schedule:
            continue
        place = bundle.place(f"resources.jobs.{key}.schedule")
        problem = _quartz_problem(str(schedule.get("quartz_cron_expression", "")))
        if problem:
            faults.append(f"{place}.quartz_cron_expression: {problem}")
        zone = str(schedule.get("timezone_id", ""))
        if zone not in zoneinfo.available_timezones():
            hint = did_you_mean(zone, sorted(zoneinfo.available_timezones()))
            faults.append(f"{place}.timezone_id: '{zone}' is not a valid time zone{hint}")
    none_of(faults)


def test_a_trigger_starts_a_job_for_one_reason(bundle: Bundle, none_of: NoneOf) -> None:
    none_of(
        f"{bundle.place(f'resources.jobs.{key}')}.trigger: set one of {', '.join(TRIGGERS)}"
        for key, job in bundle.jobs.items()
        if "trigger" in job and len(set(job["trigger"]) & set(TRIGGERS)) != 1
    )


@pytest.mark.parametrize("kind", TRIGGERS)
@pytest.mark.parametrize("target", ["dev", "staging", "prod"])
def test_inference_can_be_started_by_time_by_a_table_and_by_files(
    root: Path, tmp_path: Path, kind: str, target: str
) -> None:
    shutil.copytree(root / "resources", tmp_path / "resources")
    shutil.copy(root / ROOT_FILE, tmp_path)
    start_inference_by(tmp_path, kind)
    bundle = load(tmp_path, target)
    triggers = [job["trigger"] for job in bundle.jobs.values() if "trigger" in job]
    assert triggers
    for trigger in triggers:
        assert TriggerSettings.from_dict(trigger).as_dict()[kind]  # type: ignore[literal-required] # one of its fields
        assert trigger["pause_status"] == ("UNPAUSED" if target == "prod" else "PAUSED")


def _quartz_problem(expression: str) -> str | None:
    """Say why Quartz would reject an expression: by croniter, and by the two rules in which Quartz differs from cron.

    Source: https://www.quartz-scheduler.org/documentation/quartz-2.3.0/tutorials/crontrigger.html
    """
    fields = expression.split()
    if len(fields) not in {6, 7}:
        return f"'{expression}' has {len(fields)} fields; Quartz needs six or seven: {FIELDS}"
    if (fields[3] == "?") == (fields[5] == "?"):
        return f"'{expression}' needs a ? for exactly one of day-of-month and day-of-week"
    if re.search(r"(?:^|[-,])(?:0|[89])", fields[5]):
        return f"'{expression}' has a day-of-week outside 1 (Sunday) to 7 (Saturday)"
    try:
        croniter.expand(expression, second_at_beginning=True)
    except CroniterError as error:
        return f"'{expression}' is not a cron expression: {error}"
    return None


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 3 * * ?", None),
        ("0 30 4 ? * MON-FRI", None),
        ("0 0/15 * 1,15 * ? 2030", None),
        ("0 3 * * *", "has 5 fields"),
        ("0 0 3 * * *", "needs a ?"),
        ("0 0 3 ? * ?", "needs a ?"),
        ("0 0 3 ? * 0", "outside 1 (Sunday)"),
        ("0 0 25 * * ?", "not a cron expression"),
        ("0 61 3 * * ?", "not a cron expression"),
        ("0 0 3 ? * MOO", "not a cron expression"),
    ],
)
def test_invalid_quartz_expressions_are_recognised(expression: str, expected: str | None) -> None:
    problem = _quartz_problem(expression)
    assert problem is None if expected is None else expected in str(problem)


def test_every_job_says_how_it_is_run(bundle: Bundle, none_of: NoneOf) -> None:
    none_of(
        f"{bundle.place(f'resources.jobs.{key}')}.{field}: {problem}"
        for key, job in bundle.jobs.items()
        for field, problem in _missing(job)
    )


def _missing(job: Job) -> Iterator[tuple[str, str]]:
    for field, problem in SAID_BY_EVERY_JOB.items():
        if not job.get(field):
            yield field, problem
    if not (job.get("queue") or {}).get("enabled"):
        yield "queue", "not enabled, so a run that starts during another one is skipped"
    for tag in ("project", "owner", "git_commit"):
        if tag not in (job.get("tags") or {}):
            yield "tags", f"no tag '{tag}', which assigns costs and questions (presets.tags)"
    if not any(rule["metric"] == "RUN_DURATION_SECONDS" for rule in (job.get("health") or {}).get("rules") or []):
        yield "health", "no rule on RUN_DURATION_SECONDS, so nobody is notified of a slow run"
    for field in ("email_notifications", "webhook_notifications"):
        for event in {"on_failure", "on_duration_warning_threshold_exceeded"} - set(job.get(field) or {}):
            yield field, f"no {event}: name a variable with the destinations, which may be empty"
    if any("environment_key" in task for task in job.get("tasks") or []) and "performance_target" not in job:
        yield "performance_target", "not set: choose between a cheaper and a faster start"


def test_every_task_says_how_often_it_is_tried(bundle: Bundle, none_of: NoneOf) -> None:
    faults = []
    for _, place, task in _tasks(bundle):
        if "condition_task" in task:
            continue
        if "max_retries" not in task:
            faults.append(f"{place}.max_retries: not set: use 0 if a second attempt would do harm")
        if "environment_key" in task and not task.get("disable_auto_optimization"):
            faults.append(f"{place}.disable_auto_optimization: not set, so serverless compute retries on its own")
        if task.get("max_retries") and task.get("retry_on_timeout") is not False:
            faults.append(f"{place}.retry_on_timeout: not false: a task that timed out once would time out again")
        if "python_wheel_task" in task and not task.get("timeout_seconds"):
            faults.append(f"{place}.timeout_seconds: not set, so a task that hangs never ends")
    none_of(faults)


def test_run_job_tasks_are_nested_as_deep_as_databricks_supports(bundle: Bundle, none_of: NoneOf) -> None:
    """Source: https://docs.databricks.com/jobs/run-job."""
    none_of(
        f"{bundle.place(f'resources.jobs.{key}')}: nests {depth} Run Job tasks, and Databricks supports {MOST_NESTED}"
        for key in bundle.jobs
        if (depth := _nested(bundle, key)) > MOST_NESTED
    )


def _nested(bundle: Bundle, key: str) -> int:
    started = [task["run_job_task"]["job_id"] for task in bundle.jobs[key].get("tasks") or [] if "run_job_task" in task]
    children = [child for child in map(bundle.job_of, started) if child is not None]
    return max((1 + _nested(bundle, child) for child in children), default=0)


def test_the_lifecycle_monitors_as_the_job_monitoring_does(bundle: Bundle, none_of: NoneOf) -> None:
    of_lifecycle = {task["task_key"]: task for task in bundle.jobs["lifecycle"]["tasks"]}
    none_of(
        f"{bundle.place(f'resources.jobs.lifecycle.tasks[{key}]')}: differs from the task of the job monitoring"
        for task in bundle.jobs["monitoring"]["tasks"]
        if "python_wheel_task" in task
        for key in [task["task_key"]]
        if {**of_lifecycle.get(key, {}), "depends_on": None} != {**task, "depends_on": None}
    )


def test_a_job_parameter_is_used_by_one_of_its_tasks(bundle: Bundle, none_of: NoneOf) -> None:
    faults = []
    for key, job in bundle.jobs.items():
        for name in [parameter["name"] for parameter in job.get("parameters") or []]:
            if f"{{{{job.parameters.{name}}}}}" not in str(job.get("tasks")):
                place = bundle.place(f"resources.jobs.{key}.parameters[{name}]")
                faults.append(f"{place}: no task of the job uses it")
    none_of(faults)


def _tasks(bundle: Bundle) -> Iterator[tuple[Job, str, Job]]:
    """Yield every task with its job and its place."""
    for key, job in bundle.jobs.items():
        for task in tidy(job, key).get("tasks") or []:
            yield job, bundle.place(f"resources.jobs.{key}.tasks[{task['task_key']}]"), task
