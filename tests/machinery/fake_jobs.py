"""Jobs and a SQL warehouse for the fake workspace: runs succeed at once, unless a test says otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from fake_workspace import FakeWorkspace, Request

JOBS = "/api/2.2/jobs"
VERSION = "/api/2.0/mlflow/unity-catalog/model-versions/get"
STARTED, SECOND = 1_790_000_000_000, 1000


@dataclass
class FakeJobs:
    """The deployed jobs of a bundle.

    Attributes:
        workspace: The workspace that gets the routes.
        jobs: The jobs of the bundle, by key.
        values: What each reference such as {{tasks.train.values.run_id}} stands for.
        failing: Keys of tasks that fail.
        endless: Keys of jobs whose runs end only when they are cancelled.
        rows: Numbers that the warehouse returns, by column name; those of a table (`table.column`) come first.
    """

    workspace: FakeWorkspace
    jobs: Mapping[str, Mapping[str, Any]]
    values: Mapping[str, str] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    endless: set[str] = field(default_factory=set)
    rows: dict[str, str] = field(default_factory=dict)
    started: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    runs: dict[int, dict[str, Any]] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(500))

    def __post_init__(self) -> None:
        self.ids = {key: 100 + index for index, key in enumerate(self.jobs)}
        self.workspace.routes.update(
            {
                ("POST", f"{JOBS}/run-now"): self._run_now,
                ("GET", f"{JOBS}/runs/get"): lambda request: self.runs[int(request.query["run_id"])],
                ("GET", f"{JOBS}/runs/get-output"): lambda request: {
                    "run_job_output": {"run_id": self.runs[int(request.query["run_id"])]["nested"]}
                },
                ("GET", f"{JOBS}/runs/list"): self._list,
                ("POST", f"{JOBS}/runs/cancel"): self._cancel,
                ("GET", "/api/2.0/sql/warehouses"): {
                    "warehouses": [{"id": "w1", "name": "nyc-taxi", "state": "RUNNING"}]
                },
                ("POST", "/api/2.0/sql/statements"): self._statement,
                ("POST", "/api/2.0/sql/statements/"): self._statement,
            }
        )

    def registered(self, model: str, version: str, metric: str, status: str = "PASSED") -> None:
        """The model has one version, its champion, with this validation status, and 2.5 instead of 9 in its metric."""
        path = f"/api/2.1/unity-catalog/models/{model}/aliases/Champion"
        self.workspace.routes["GET", path] = {"version": int(version)}
        tag = {"key": "model_validation_status", "value": status}
        self.workspace.routes["GET", VERSION] = {"model_version": {"version": version, "tags": [tag]}}
        metrics = {f"holdout_{metric}": 2.5, f"baseline_holdout_{metric}": 9.0}
        listed = [{"key": key, "value": value} for key, value in metrics.items()]
        self.workspace.routes["GET", "/api/2.0/mlflow/runs/get"] = {"run": {"data": {"metrics": listed}}}

    def _run_now(self, request: Request) -> dict[str, int]:
        key = next(key for key, number in self.ids.items() if number == request.body["job_id"])
        self.started.append((key, request.body.get("job_parameters") or {}))
        return {"run_id": self._start(key)}

    def _start(self, key: str) -> int:
        run_id = next(self.numbers)
        tasks = [self._task(task) for task in self.jobs[key].get("tasks") or []]
        state = "FAILED" if any(task["state"]["result_state"] != "SUCCESS" for task in tasks) else "SUCCESS"
        life = {"life_cycle_state": "RUNNING"} if key in self.endless else _ended(state)
        page = f"{self.workspace.url}/run/{run_id}"
        self.runs[run_id] = {"run_id": run_id, "job": key, "state": life, "tasks": tasks, "run_page_url": page}
        return run_id

    def _task(self, task: Mapping[str, Any]) -> dict[str, Any]:
        run_id = next(self.numbers)
        times = {"start_time": STARTED, "end_time": STARTED + 9 * SECOND}
        found = {"task_key": task["task_key"], "run_id": run_id, **times}
        state = "FAILED" if task["task_key"] in self.failing else "SUCCESS"
        if nested := (task.get("run_job_task") or {}).get("job_id"):
            below = self._start(str(nested).split(".")[2])
            self.runs[run_id] = {"nested": below}
            state = self.runs[below]["state"].get("result_state", "SUCCESS")
            found["run_job_task"] = {"job_id": 1}
        elif "python_wheel_task" in task:
            written = (task["python_wheel_task"].get("named_parameters") or {}).items()
            told = {name: self.values.get(value, value) for name, value in written}
            found["resolved_values"] = {"python_wheel_task": {"named_parameters": told}}
        return {**found, "state": _ended(state)}

    def _list(self, request: Request) -> dict[str, Any]:
        key = next((key for key, number in self.ids.items() if str(number) == request.query["job_id"]), None)
        active = [
            {"run_id": run_id}
            for run_id, run in self.runs.items()
            if run.get("job") == key and run["state"]["life_cycle_state"] == "RUNNING"
        ]
        return {"runs": active}

    def _cancel(self, request: Request) -> dict[str, Any]:
        self.runs[request.body["run_id"]]["state"] = _ended("CANCELED")
        return {}

    def _statement(self, request: Request) -> dict[str, Any]:
        statement = request.body["statement"]
        table = statement.rpartition(".")[2].strip("`")
        names = re.findall(r" AS (\w+)", statement)
        row = [self.rows.get(f"{table}.{name}", self.rows.get(name, "40")) for name in names]
        return {
            "statement_id": "s1",
            "status": {"state": "SUCCEEDED"},
            "manifest": {"schema": {"columns": [{"name": name} for name in names]}},
            "result": {"data_array": [row]},
        }


def _ended(result: str) -> dict[str, str]:
    told = {"state_message": "ProjectError: the table is empty\n  more"} if result == "FAILED" else {}
    return {"life_cycle_state": "TERMINATED", "result_state": result, **told}
