"""Checks the tasks of one job before it runs."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

from mlops.errors import ProjectError, did_you_mean

from ..bundle.load import Bundle
from .dynamic_values import ALWAYS_KNOWN, Reference, references
from .run_if import OPERATORS, RULES

RUNNABLE = ("python_wheel_task", "condition_task", "run_job_task")
_OF_A_TASK = ("values", "result_state", "run_id", "execution_count")


def _any_text(name: str, value: str) -> str | None:  # noqa: ARG001 - the signature of EntryPoint.problem
    return None


@dataclass(frozen=True)
class EntryPoint:
    """An entry point of the package.

    Attributes:
        name: As in pyproject.toml and in the job files.
        parameters: Its parameters, and whether each is required.
        values: The task values that it sets.
        problem: Says what is wrong with a parameter's text, or None; by default any text is valid.
        optional_together: The parameters that a task gives all or none of.
    """

    name: str
    parameters: Mapping[str, bool]
    values: frozenset[str]
    problem: Callable[[str, str], str | None] = _any_text
    optional_together: frozenset[str] = frozenset()


@dataclass
class JobChecks:
    """Checks one job; each method raises ProjectError at the first mistake."""

    bundle: Bundle
    job_key: str
    sequence: Sequence[str]
    entry_points: Mapping[str, EntryPoint]
    package: str | None

    def run(self) -> list[str]:
        """Check every task and return the keys of the jobs that the job starts."""
        for name, parameter in self._parameters.items():
            for reference in references(parameter.get("default", ""), "default"):
                if reference.parts not in ALWAYS_KNOWN or reference.parts[0] == "task":
                    self._refuse(
                        "", f"gives its parameter '{name}' the default {reference.raw}, unknown when a job starts"
                    )
        started = [self._check_task(key) for key in self.sequence]
        return [job_key for job_key in started if job_key]

    @cached_property
    def _tasks(self) -> dict[str, Mapping[str, Any]]:
        return {task["task_key"]: task for task in self.bundle.jobs[self.job_key].get("tasks") or []}

    @cached_property
    def _parameters(self) -> dict[str, Mapping[str, Any]]:
        return {parameter["name"]: parameter for parameter in self.bundle.jobs[self.job_key].get("parameters") or []}

    @cached_property
    def _upstream(self) -> dict[str, set[str]]:
        upstream: dict[str, set[str]] = {}
        for key in self.sequence:
            direct = {dependency["task_key"] for dependency in self._tasks[key].get("depends_on") or []}
            upstream[key] = direct.union(*(upstream[other] for other in direct))
        return upstream

    def _check_task(self, key: str) -> str | None:
        task = self._tasks[key]
        kinds = [field for field in task if field.endswith("_task")]
        if len(kinds) != 1 or kinds[0] not in RUNNABLE:
            kind = " and ".join(kinds) or "of no kind"
            self._refuse(key, f"is {kind}, which does not run locally: use one of {', '.join(RUNNABLE)}")
        if task.get("disabled"):
            self._refuse(key, "is disabled, which the local runner does not support: remove the task or the flag")
        if not str(task.get("max_retries") or 0).isdigit():
            self._refuse(key, f"has max_retries {task['max_retries']}: use a whole number, 0 or more")
        if (task.get("run_if") or "ALL_SUCCESS") not in RULES:
            self._refuse(key, f"has the unknown run_if '{task['run_if']}'{did_you_mean(task['run_if'], list(RULES))}")
        for dependency in task.get("depends_on") or []:
            if "outcome" in dependency:
                self._check_outcome(key, dependency)
        for reference in references(task[kinds[0]], kinds[0]):
            self._check_reference(key, reference)
        if kinds[0] == "python_wheel_task":
            self._check_wheel(key, task["python_wheel_task"])
        elif kinds[0] == "condition_task":
            self._check_condition(key, task["condition_task"])
        else:
            return self._check_run_job(key, task["run_job_task"])
        return None

    def _check_outcome(self, key: str, dependency: Mapping[str, Any]) -> None:
        if "condition_task" not in self._tasks[dependency["task_key"]]:
            self._refuse(key, f"waits for an outcome of '{dependency['task_key']}', which is not a condition task")
        if dependency["outcome"] not in {"true", "false"}:
            self._refuse(key, f'waits for the outcome \'{dependency["outcome"]}\': write "true" or "false"')

    def _check_condition(self, key: str, condition: Mapping[str, Any]) -> None:
        missing = [field for field in ("left", "op", "right") if field not in condition]
        if missing:
            self._refuse(key, f"has a condition without {' and '.join(missing)}: set left, op and right")
        if condition["op"] not in OPERATORS:
            self._refuse(key, f"has the unknown op '{condition['op']}'{did_you_mean(condition['op'], list(OPERATORS))}")

    def _check_run_job(self, key: str, settings: Mapping[str, Any]) -> str:
        job_key = self.bundle.job_of(settings.get("job_id"))
        if job_key is None:
            jobs = ", ".join(self.bundle.jobs)
            self._refuse(key, f"runs the job {settings.get('job_id')}, which is not in the bundle: use one of {jobs}")
        declared = [parameter["name"] for parameter in self.bundle.jobs[job_key].get("parameters") or []]
        for name in settings.get("job_parameters") or {}:
            if name not in declared:
                self._refuse(
                    key,
                    f"gives job '{job_key}' a parameter '{name}' that it does not have{did_you_mean(name, declared)}",
                )
        return job_key

    def _check_wheel(self, key: str, wheel: Mapping[str, Any]) -> None:
        if self.package is not None and wheel.get("package_name") != self.package:
            self._refuse(key, f"has package_name '{wheel.get('package_name')}', but the package is '{self.package}'")
        name = str(wheel.get("entry_point"))
        if name not in self.entry_points:
            self._refuse(key, f"calls the unknown entry point '{name}'{did_you_mean(name, list(self.entry_points))}")
        if wheel.get("parameters"):
            self._refuse(key, "has positional parameters: write them as named_parameters")
        known, optional = self.entry_points[name].parameters, self.entry_points[name].optional_together
        named = wheel.get("named_parameters") or {}
        for parameter in named:
            if parameter not in known:
                hint = did_you_mean(parameter, [other for other in known if other not in named])
                self._refuse(key, f"gives entry point '{name}' the unknown parameter '{parameter}'{hint}")
        expected = known if optional.intersection(named) else [other for other in known if other not in optional]
        missing = [other for other in expected if other not in named]
        if missing:
            self._refuse(key, f"gives entry point '{name}' no {', '.join(missing)}: add it to named_parameters")
        for parameter, text in named.items():
            self._check_text(key, name, parameter, text)

    def _check_text(self, key: str, name: str, parameter: str, text: str) -> None:
        """Check a parameter whose text is known before the run: a literal, or the default of a job parameter."""
        whole = _JOB_PARAMETER.fullmatch(text)
        if whole and whole[1] in self._parameters:
            text = str(self._parameters[whole[1]].get("default", ""))
        problem = None if "{{" in text or "${" in text else self.entry_points[name].problem(parameter, text)
        if problem:
            self._refuse(key, f"gives entry point '{name}' the {parameter} '{text}': {problem}")

    def _check_reference(self, key: str, reference: Reference) -> None:
        parts = reference.parts
        asks = f"asks for {reference.raw} in {reference.path}"
        if parts[:2] == ("job", "parameters") and len(parts) == 3:  # noqa: PLR2004 - job.parameters.<name>
            if parts[2] not in self._parameters:
                self._refuse(
                    key, f"{asks}, but the job has no such parameter{did_you_mean(parts[2], self._parameters)}"
                )
        elif parts[0] == "tasks" and len(parts) == (4 if parts[2:3] == ("values",) else 3) and parts[2] in _OF_A_TASK:
            self._check_task_reference(key, parts, asks)
        elif parts not in ALWAYS_KNOWN:
            self._refuse(key, f"{asks}, which does not exist{did_you_mean('.'.join(parts), _KNOWN_NAMES)}")

    def _check_task_reference(self, key: str, parts: tuple[str, ...], asks: str) -> None:
        other = parts[1]
        if other not in self._tasks:
            self._refuse(
                key, f"{asks}, but the job has no task '{other}'{did_you_mean(other, list(self._upstream[key]))}"
            )
        if other not in self._upstream[key]:
            self._refuse(key, f"{asks}, but does not run after '{other}': add it to depends_on")
        if parts[2] == "values":
            name = str((self._tasks[other].get("python_wheel_task") or {}).get("entry_point"))
            declared = self.entry_points[name].values if name in self.entry_points else frozenset()
            if parts[3] not in declared:
                self._refuse(key, f"{asks}, but '{other}' sets no such value{did_you_mean(parts[3], sorted(declared))}")

    def _refuse(self, key: str, problem: str) -> NoReturn:
        path = f"resources.jobs.{self.job_key}" + (f".tasks[{key}]" if key else "")
        subject = f"task '{key}'" if key else f"job '{self.job_key}'"
        raise ProjectError(f"{self.bundle.place(path)}: {subject} {problem}")


_JOB_PARAMETER = re.compile(r"\{\{\s*job\.parameters\.(\w+)\s*\}\}")
_KNOWN_NAMES = [".".join(parts) for parts in sorted(ALWAYS_KNOWN)]
