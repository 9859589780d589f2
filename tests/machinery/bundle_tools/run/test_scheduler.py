from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bundle_tools.bundle.load import Bundle, load
from bundle_tools.run.scheduler import JobRun, TaskRun, run_job
from mlops.errors import ProjectError


class Calls:
    """Fake entry points: those in `fails` raise, the others return their `values`."""

    def __init__(self, *fails: str, values: Mapping[str, Any] | None = None, times: int = 99) -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.fails, self.values, self.times = fails, values or {}, times

    def __call__(self, entry_point: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        self.seen.append((entry_point, dict(parameters)))
        if entry_point in self.fails and self.times > 0:
            self.times -= 1
            raise RuntimeError(entry_point)
        return self.values

    @property
    def names(self) -> str:
        return " ".join(name for name, _ in self.seen)


class Told:
    """Records the events that an observer receives."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def job_started(self, run: JobRun) -> None:
        self.lines.append(f"+{run.job_key}")

    def task_started(self, task_run: TaskRun) -> None:
        self.lines.append(f">{task_run.task_key}")

    def task_retried(self, task_run: TaskRun, error: BaseException) -> None:
        self.lines.append(f"again {task_run.task_key} after {error}")

    def task_finished(self, task_run: TaskRun) -> None:
        self.lines.append(f"{task_run.task_key} {task_run.state}")

    def job_finished(self, run: JobRun) -> None:
        self.lines.append(f"-{run.job_key}")


def task(key: str, waits: str = "", parameters: str = "{}", **fields: object) -> str:
    """Return a wheel task named after its entry point; `a=true` in `waits` requires an outcome."""
    pairs = [one.partition("=")[::2] for one in waits.split()]
    upstream = ", ".join(f"{{task_key: {one}" + (f", outcome: {out}}}" if out else "}") for one, out in pairs)
    extra = "".join(f", {name}: {value}" for name, value in fields.items())
    wheel = f"{{entry_point: {key}, named_parameters: {parameters}}}"
    return f"{{task_key: {key}, depends_on: [{upstream}], python_wheel_task: {wheel}{extra}}}"


def condition(key: str, left: object, op: str, right: object) -> str:
    return f"{{task_key: {key}, condition_task: {{left: '{left}', op: {op}, right: '{right}'}}}}"


def bundle(root: Path, **jobs: str) -> Bundle:
    lines = [f"    {key}: {job}" for key, job in jobs.items()]
    (root / "databricks.yml").write_text("\n".join(["bundle: {name: b}", "resources:", "  jobs:", *lines]))
    return load(root, environ={})


def run(root: Path, *tasks: str, call: Calls | None = None) -> JobRun:
    return run_job(bundle(root, j=f"{{tasks: [{', '.join(tasks)}]}}"), "j", call=call or Calls())


def states(job_run: JobRun) -> str:
    return " ".join(f"{key}:{one.state}" for key, one in job_run.tasks.items())


def test_tasks_run_in_order_and_pass_values_on_as_text(tmp_path: Path) -> None:
    call = Calls(values={"uri": "models:/m/1", "n": 3, "ok": True})
    last = task("b", "a", "{p: '{{tasks.a.values.uri}} {{tasks.a.values.n}} {{tasks.a.values.ok}}'}")
    done = run(tmp_path, last, task("a"), call=call)
    assert call.seen == [("a", {}), ("b", {"p": "models:/m/1 3 true"})]
    assert done.succeeded
    assert done.failure is None
    assert done.tasks["a"].values == {"uri": "models:/m/1", "n": 3, "ok": True}


def test_a_failure_ends_the_job_except_for_tasks_that_handle_it(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        task("bad"),
        task("after", "bad"),
        task("later", "after"),
        task("unrelated"),
        task("follows", "unrelated"),
        task("notify", "bad", run_if="AT_LEAST_ONE_FAILED"),
        task("cleanup", "follows later", run_if="ALL_DONE"),
        call=(call := Calls("bad")),
    )
    assert call.names == "bad notify cleanup"
    assert states(done) == (
        "bad:failed after:upstream_failed later:upstream_failed unrelated:not_run follows:not_run "
        "notify:success cleanup:success"
    )
    assert done.failure is done.tasks["bad"]
    assert str(done.failure.error) == "bad"


def test_a_task_after_one_that_never_started_does_not_run_either(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        task("bad"),
        task("other"),
        task("alarm", "bad other", run_if="ALL_FAILED"),
        task("end", "alarm other", run_if="NONE_FAILED"),
        call=Calls("bad"),
    )
    assert states(done) == "bad:failed other:not_run alarm:excluded end:not_run"


def test_a_run_succeeds_if_its_last_tasks_succeed(tmp_path: Path) -> None:
    handled = run(tmp_path, task("bad"), task("notify", "bad", run_if="ALL_DONE"), call=Calls("bad"))
    assert (handled.succeeded, handled.failure is None) == (True, False)
    assert not run(tmp_path, task("bad"), task("after", "bad"), call=Calls("bad")).succeeded


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # the dependencies: both succeed, one of two fails, both fail, one is excluded and the other succeeds
        ("ALL_SUCCESS", ("success", "upstream_failed", "upstream_failed", "success")),
        ("NONE_FAILED", ("success", "upstream_failed", "upstream_failed", "success")),
        ("AT_LEAST_ONE_SUCCESS", ("success", "success", "upstream_failed", "success")),
        ("ALL_DONE", ("success", "success", "success", "success")),
        ("AT_LEAST_ONE_FAILED", ("excluded", "success", "success", "excluded")),
        ("ALL_FAILED", ("excluded", "excluded", "success", "excluded")),
    ],
)
def test_run_if_decides_by_the_states_of_the_dependencies(tmp_path: Path, rule: str, expected: tuple[str, ...]) -> None:
    c = condition("c", 1, "EQUAL_TO", 1)
    # y comes after x, so that it still runs when x has failed
    pair = [c, task("x"), task("y", "x", run_if="ALL_DONE"), task("t", "x y", run_if=rule)]
    branches = [c, task("x", "c=true"), task("y", "c=false"), task("t", "x y", run_if=rule)]
    runs = (
        run(tmp_path, *pair),
        run(tmp_path, *pair, call=Calls("x")),
        run(tmp_path, *pair, call=Calls("x", "y")),
        run(tmp_path, *branches),
    )
    assert tuple(one.tasks["t"].state for one in runs) == expected


def test_a_task_whose_dependencies_are_all_excluded_is_excluded(tmp_path: Path) -> None:
    done = run(tmp_path, condition("c", 1, "EQUAL_TO", 2), task("x", "c=true"), task("y", "x", run_if="ALL_DONE"))
    assert states(done) == "c:success x:excluded y:excluded"
    assert done.succeeded


@pytest.mark.parametrize(
    ("left", "op", "right", "outcome"),
    [
        ("12.0", "EQUAL_TO", "12", "false"),
        ("a", "EQUAL_TO", "a", "true"),
        ("12.0", "NOT_EQUAL", "12", "true"),
        ("9", "GREATER_THAN", "10", "false"),
        ("12.0", "GREATER_THAN", "12", "false"),
        ("12.0", "GREATER_THAN_OR_EQUAL", "12", "true"),
        ("9", "LESS_THAN", "10", "true"),
        ("10", "LESS_THAN", "10", "false"),
        ("10", "LESS_THAN_OR_EQUAL", "10.0", "true"),
    ],
)
def test_a_condition_takes_one_branch(tmp_path: Path, left: str, op: str, right: str, outcome: str) -> None:
    done = run(tmp_path, condition("c", left, op, right), task("yes", "c=true"), task("no", "c=false"))
    taken = {"true": "yes:success no:excluded", "false": "yes:excluded no:success"}[outcome]
    assert states(done) == f"c:success {taken}"


def test_an_ordering_of_non_numbers_fails_the_condition(tmp_path: Path) -> None:
    failure = run(tmp_path, condition("c", "high", "LESS_THAN", 1)).failure
    assert failure is not None
    assert "'high' LESS_THAN '1'" in str(failure.error)


def test_a_task_is_retried_max_retries_times(tmp_path: Path) -> None:
    retried = task("a", parameters="{n: '{{task.execution_count}}'}", max_retries=2)
    done = run(tmp_path, retried, call=(call := Calls("a", times=2)))
    assert done.succeeded
    assert done.tasks["a"].attempts == 3
    assert done.tasks["a"].error is None
    assert [parameters["n"] for _, parameters in call.seen] == ["1", "2", "3"]
    assert run(tmp_path, retried, call=Calls("a", times=3)).tasks["a"].attempts == 3


def test_an_observer_receives_all_events_in_order(tmp_path: Path) -> None:
    loaded = bundle(tmp_path, j=f"{{tasks: [{task('a', max_retries=1)}, {task('b', 'a')}, {task('c', 'b')}]}}")
    run_job(loaded, "j", call=Calls("a", "b", times=3), observer=(told := Told()))
    assert told.lines == ["+j", ">a", "again a after a", "a failed", "b upstream_failed", "c upstream_failed", "-j"]


def test_a_value_that_was_never_set_fails_the_task_that_uses_it(tmp_path: Path) -> None:
    done = run(tmp_path, task("a"), task("b", "a", "{p: '{{tasks.a.values.uri}}'}"))
    assert states(done) == "a:success b:failed"
    assert isinstance(done.tasks["b"].error, ProjectError)


def test_an_interrupt_stops_everything(tmp_path: Path) -> None:
    def interrupted(*_: object) -> Mapping[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(bundle(tmp_path, j=f"{{tasks: [{task('a', max_retries=1)}]}}"), "j", call=interrupted)


PARAMETERS = "parameters: [{name: day, default: '{{job.start_time.iso_date}}'}, {name: rows, default: 10}]"


def test_job_parameters_reach_every_task_and_override_its_own(tmp_path: Path) -> None:
    tasks = task("a", parameters="{rows: 5, day: '{{job.parameters.day}}', own: x}")
    loaded = bundle(tmp_path, j=f"{{{PARAMETERS}, tasks: [{tasks}]}}")
    done = run_job(loaded, "j", call=(call := Calls()), parameters={"day": "2026-01-31"})
    assert call.seen == [("a", {"rows": "10", "day": "2026-01-31", "own": "x"})]
    assert done.parameters == {"day": "2026-01-31", "rows": "10"}


def test_a_default_is_filled_in_when_the_job_starts(tmp_path: Path) -> None:
    done = run_job(bundle(tmp_path, j=f"{{{PARAMETERS}, tasks: []}}"), "j", call=Calls())
    assert len(done.parameters["day"]) == len("2026-01-31")


def test_an_unknown_job_or_parameter_is_reported(tmp_path: Path) -> None:
    loaded = bundle(tmp_path, training=f"{{{PARAMETERS}, tasks: []}}")
    with pytest.raises(ProjectError, match=r"no job 'trainning': did you mean 'training'"):
        run_job(loaded, "trainning", call=Calls())
    with pytest.raises(ProjectError, match=r"'training' has no parameter 'size': choose one of day, rows"):
        run_job(loaded, "training", call=Calls(), parameters={"size": "1"})


def test_an_id_that_does_not_exist_locally_fails_the_task_that_needs_it(tmp_path: Path) -> None:
    error = run(tmp_path, task("a", parameters="{p: '${resources.jobs.j.id}'}")).tasks["a"].error
    assert "parameter p needs ${resources.jobs.j.id}" in str(error)


CHILD = f"{{parameters: [{{name: day, default: d}}, {{name: mode, default: m}}], tasks: [{task('work')}]}}"
PARENT = (
    "{parameters: [{name: day, default: today}, {name: extra, default: e}], tasks: [{task_key: child, "
    "run_job_task: {job_id: '${resources.jobs.c.id}', job_parameters: {mode: '{{job.run_id}}'}}}, %s]}"
)


def test_a_started_job_receives_the_task_s_and_the_parents_parameters(tmp_path: Path) -> None:
    loaded = bundle(tmp_path, c=CHILD, p=PARENT % task("end", "child"))
    for given in (loaded, loaded.with_ids({"jobs.c": "12"})):
        done = run_job(given, "p", call=(call := Calls()), run_ids=count(100))
        assert call.seen[0] == ("work", {"day": "today", "mode": "100"})
        assert done.succeeded
        assert done.tasks["child"].child is not None
        assert done.tasks["child"].child.job_key == "c"


def test_a_failure_in_a_started_job_is_found_there(tmp_path: Path) -> None:
    done = run_job(bundle(tmp_path, c=CHILD, p=PARENT % task("end", "child")), "p", call=Calls("work"))
    assert states(done) == "child:failed end:upstream_failed"
    assert done.failure is not None
    assert (done.failure.job_key, done.failure.task_key, str(done.failure.error)) == ("c", "work", "work")


def test_a_task_can_refer_to_the_state_of_another(tmp_path: Path) -> None:
    asks = "{p: '{{tasks.bad.result_state}} {{tasks.bad.run_id}} {{tasks.bad.execution_count}} {{job.trigger.type}}'}"
    tasks = f"{task('bad')}, {task('tell', 'bad', asks, run_if='ALL_DONE')}"
    loaded = bundle(tmp_path, j=f"{{tasks: [{tasks}]}}")
    run_job(loaded, "j", call=(call := Calls("bad")), run_ids=count(100))
    assert call.seen[-1] == ("tell", {"p": "failed 101 1 one_time"})
