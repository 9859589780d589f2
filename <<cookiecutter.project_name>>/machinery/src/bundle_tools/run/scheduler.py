"""Runs a bundle's job on this machine, one task after the other, by the rules of Databricks jobs."""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from mlops.errors import ProjectError, did_you_mean

from ..bundle.load import Bundle
from . import parameters as parameters_of
from .dynamic_values import Context, Finished
from .queue import Turn, any_turn
from .run_if import decide, evaluate
from .runs import JobRun, Observer, TaskRun, TaskState
from .task_order import order

__all__ = ["JobRun", "Observer", "TaskRun", "TaskState", "WheelTask", "run_job"]

WheelTask = Callable[[str, Mapping[str, str]], Mapping[str, Any]]


def run_job(  # noqa: PLR0913 - the arguments are keyword-only
    bundle: Bundle,
    job_key: str,
    *,
    call: WheelTask,
    parameters: Mapping[str, str] | None = None,
    observer: Observer | None = None,
    run_ids: Iterator[int] | None = None,
    turn: Turn = any_turn,
) -> JobRun:
    """Run a job's tasks in order and return their results.

    A failed attempt is repeated immediately, up to `max_retries` times, without a pause. After a task has failed, only
    tasks that depend on it can still start, if their run_if allows it. An exception from a task is stored in its run,
    except a keyboard interrupt, which stops everything.

    Args:
        bundle: The bundle with its ids; it must have passed `task_order.check`.
        job_key: The key of the job.
        call: Runs an entry point with its named parameters and returns its task values, which are JSON values.
        parameters: Values of job parameters, instead of their defaults.
        observer: Receives all events.
        run_ids: The ids for job runs and task runs; by default 1, 2, 3 …
        turn: Waits until a run of a job may start (see `queue.turns`).

    Raises:
        ProjectError: There is no such job, or it has no such parameter.
    """
    runner = _Runner(bundle, call, observer or _Silence(), run_ids or itertools.count(1), turn)
    return runner.run(job_key, parameters or {}, "one_time")


def _ignore(*_: object) -> None:
    pass


class _Silence:
    job_started = task_started = task_retried = task_finished = job_finished = staticmethod(_ignore)


@dataclass
class _Runner:
    bundle: Bundle
    call: WheelTask
    observer: Observer
    run_ids: Iterator[int]
    turn: Turn

    def run(self, job_key: str, given: Mapping[str, str], trigger: str) -> JobRun:
        jobs = self.bundle.jobs
        if job_key not in jobs:
            raise ProjectError(f"The bundle has no job '{job_key}'{did_you_mean(job_key, list(jobs))}")
        with self.turn(job_key, jobs[job_key]):
            return self._run(job_key, jobs[job_key], given, trigger)

    def _run(self, job_key: str, job: Mapping[str, Any], given: Mapping[str, str], trigger: str) -> JobRun:
        tasks = {task["task_key"]: task for task in job.get("tasks") or []}
        position = list(self.bundle.jobs).index(job_key) + 1
        context = Context(
            job_key=job_key,
            job_id=self.bundle.ids.get(f"jobs.{job_key}", str(position)),
            job_name=str(job.get("name", job_key)),
            run_id=next(self.run_ids),
            started=datetime.now(UTC),
            trigger=trigger,
            workspace_url=str(self.bundle.config["workspace"]["host"]),
        )
        context = replace(context, parameters=parameters_of.of_job(job, given, context))
        waited_for = {dependency["task_key"] for task in tasks.values() for dependency in task.get("depends_on") or []}
        runs = {key: TaskRun(job_key, key, next(self.run_ids)) for key in order(job_key, job)}
        run = JobRun(job_key, context.run_id, context.parameters, runs, frozenset(set(runs) - waited_for))
        self.observer.job_started(run)
        after_failure: set[str] = set()
        for key, task_run in runs.items():
            upstream = {dependency["task_key"] for dependency in tasks[key].get("depends_on") or []}
            if upstream & after_failure:
                after_failure.add(key)
            state = decide(tasks[key], runs, failed=bool(after_failure), handles_failure=key in after_failure)
            task_run.state = state
            if state is TaskState.RUNNING:
                self._execute(tasks[key], task_run, replace(context, tasks=_finished_tasks(runs)))
            if task_run.state is TaskState.FAILED:
                after_failure.add(key)
            self.observer.task_finished(task_run)
        self.observer.job_finished(run)
        return run

    def _execute(self, task: Mapping[str, Any], run: TaskRun, context: Context) -> None:
        self.observer.task_started(run)
        started = time.perf_counter()
        while True:
            run.attempts += 1
            try:
                self._attempt(
                    task,
                    run,
                    replace(context, task_key=run.task_key, task_run_id=run.run_id, attempt=run.attempts),
                )
            except Exception as error:  # noqa: BLE001 - a task may raise anything; the run stores it
                run.error = error
                if run.attempts <= int(task.get("max_retries") or 0):
                    self.observer.task_retried(run, error)
                    continue
                run.state = TaskState.FAILED
            else:
                run.error, run.state = None, TaskState.SUCCESS
            run.seconds = time.perf_counter() - started
            return

    def _attempt(self, task: Mapping[str, Any], run: TaskRun, context: Context) -> None:
        if "python_wheel_task" in task:
            wheel = task["python_wheel_task"]
            # Databricks passes every job parameter to the task, where it overrides a task parameter of the same name.
            named = {**parameters_of.with_values(wheel.get("named_parameters") or {}, context), **context.parameters}
            run.values = dict(self.call(wheel["entry_point"], named))
        elif "condition_task" in task:
            condition = parameters_of.with_values(task["condition_task"], context)
            run.outcome = str(evaluate(condition["left"], condition["op"], condition["right"])).lower()
        elif "run_job_task" in task:
            self._run_child(task["run_job_task"], run, context)
        else:
            raise ProjectError(f"Job '{run.job_key}', task '{run.task_key}' is of a kind that does not run locally")

    def _run_child(self, settings: Mapping[str, Any], run: TaskRun, context: Context) -> None:
        child_key = self.bundle.job_of(settings["job_id"])
        if child_key is None:
            raise ProjectError(
                f"Job '{run.job_key}', task '{run.task_key}' runs the job {settings['job_id']}, which the bundle lacks"
            )
        declared = {parameter["name"] for parameter in self.bundle.jobs[child_key].get("parameters") or []}
        passed_on = {name: value for name, value in context.parameters.items() if name in declared}
        given = {**parameters_of.with_values(settings.get("job_parameters") or {}, context), **passed_on}
        run.child = self.run(child_key, given, "run_job_task")
        if not run.child.succeeded:
            failure = run.child.failure
            raise (failure.error if failure and failure.error else None) or ProjectError(f"Job '{child_key}' failed")


def _finished_tasks(runs: Mapping[str, TaskRun]) -> dict[str, Finished]:
    waiting = {TaskState.PENDING, TaskState.RUNNING}
    return {
        key: Finished(str(run.state), run.run_id, run.attempts, run.values)
        for key, run in runs.items()
        if run.state not in waiting
    }
