"""Decides whether a task runs, from its run_if, the outcomes of conditions and earlier failures."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlops.errors import ProjectError

from .runs import TaskRun, TaskState

_FAILED = {TaskState.FAILED, TaskState.UPSTREAM_FAILED}

RULES: dict[str, Callable[[Sequence[TaskState]], bool]] = {
    # Excluded tasks count as successful, but not as the one success or the one run that a rule requires.
    "ALL_SUCCESS": lambda states: all(state in {TaskState.SUCCESS, TaskState.EXCLUDED} for state in states),
    "NONE_FAILED": lambda states: not _FAILED & set(states) and TaskState.SUCCESS in states,
    "AT_LEAST_ONE_SUCCESS": lambda states: TaskState.SUCCESS in states,
    "ALL_DONE": lambda _: True,
    "AT_LEAST_ONE_FAILED": lambda states: bool(_FAILED & set(states)),
    "ALL_FAILED": lambda states: set(states) <= _FAILED,
}
_ABOUT_FAILURES = {"AT_LEAST_ONE_FAILED", "ALL_FAILED"}

_ORDERINGS: dict[str, Callable[[float, float], bool]] = {
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
}
OPERATORS = ("EQUAL_TO", "NOT_EQUAL", *_ORDERINGS)


def decide(task: Mapping[str, Any], runs: Mapping[str, TaskRun], *, failed: bool, handles_failure: bool) -> TaskState:
    """Return RUNNING if the task must run now, otherwise its final state.

    Args:
        task: The task as the job declares it.
        runs: The finished runs of the tasks that it depends on.
        failed: Whether any task of the job has already failed.
        handles_failure: Whether the task depends, directly or indirectly, on a failed one.
    """
    if failed and not handles_failure:
        return TaskState.NOT_RUN
    states = [_seen_from(dependency, runs) for dependency in task.get("depends_on") or []]
    if not states:
        return TaskState.RUNNING
    if set(states) == {TaskState.EXCLUDED}:
        return TaskState.EXCLUDED
    rule = task.get("run_if") or "ALL_SUCCESS"
    if RULES[rule](states):
        return TaskState.RUNNING
    if rule in _ABOUT_FAILURES:
        return TaskState.EXCLUDED
    return TaskState.UPSTREAM_FAILED if _FAILED & set(states) else TaskState.NOT_RUN


def evaluate(left: str, op: str, right: str) -> bool:
    """Return the outcome of a condition; equality compares texts ("12.0" is not "12"), orderings compare numbers.

    Raises:
        ProjectError: An operand of an ordering is not a number.
    """
    if op == "EQUAL_TO":
        return left == right
    if op == "NOT_EQUAL":
        return left != right
    try:
        return _ORDERINGS[op](float(left), float(right))
    except ValueError:
        raise ProjectError(f"The condition '{left}' {op} '{right}' compares numbers: use two numbers") from None


def _seen_from(dependency: Mapping[str, Any], runs: Mapping[str, TaskRun]) -> TaskState:
    run = runs[dependency["task_key"]]
    wanted = dependency.get("outcome")
    if wanted is not None and run.state is TaskState.SUCCESS and run.outcome != wanted:
        return TaskState.EXCLUDED
    return run.state
