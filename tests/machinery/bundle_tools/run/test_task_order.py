from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from bundle_tools.bundle.load import load
from bundle_tools.run.task_order import EntryPoint, check, order
from mlops.errors import ProjectError


def no_number(name: str, text: str) -> str | None:
    return None if name != "rows" or text.isdigit() else "no number"


ENTRY_POINTS = {
    "train": EntryPoint("train", {"rows": True, "seed": False}, frozenset({"uri", "score"}), problem=no_number),
    "deploy": EntryPoint("deploy", {"uri": True}, frozenset()),
    "serve": EntryPoint(
        "serve", {"uri": True, "name": False, "size": False}, frozenset(), optional_together=frozenset({"name", "size"})
    ),
}

TRAIN = (
    "{task_key: train, python_wheel_task: {entry_point: train, package_name: p, named_parameters: {rows: 1, seed: 2}}}"
)


def deploy(uri: str = "{{tasks.train.values.uri}}", **fields: str) -> str:
    extra = "".join(f", {name}: {value}" for name, value in {"depends_on": "[{task_key: train}]", **fields}.items())
    wheel = f"{{entry_point: deploy, package_name: p, named_parameters: {{uri: '{uri}'}}}}"
    return f"{{task_key: deploy, python_wheel_task: {wheel}{extra}}}"


def check_jobs(root: Path, jobs: dict[str, str], job_keys: list[str] | None = None) -> None:
    lines = [f"    {key}: {job}" for key, job in jobs.items()]
    (root / "databricks.yml").write_text("\n".join(["bundle: {name: b}", "resources:", "  jobs:", *lines]))
    check(load(root, environ={}), ENTRY_POINTS, job_keys, package="p")


def check_tasks(root: Path, *tasks: str) -> None:
    check_jobs(root, {"j": f"{{tasks: [{', '.join(tasks)}]}}"})


def job(**waits: list[str]) -> dict[str, Any]:
    return {
        "tasks": [{"task_key": key, "depends_on": [{"task_key": one} for one in ones]} for key, ones in waits.items()]
    }


def test_tasks_follow_their_dependencies_and_otherwise_file_order() -> None:
    assert order("j", job(z=["m"], b=[], m=["b"], a=[])) == ["b", "m", "z", "a"]
    assert order("j", {}) == []


def test_a_cycle_of_tasks_is_shown() -> None:
    with pytest.raises(ProjectError, match="a → c → b → a"):
        order("j", job(start=[], a=["c", "start"], b=["a"], c=["b"]))


def test_a_dependency_on_an_unknown_task_is_reported() -> None:
    with pytest.raises(ProjectError, match=r"'j', task 'b' depends on 'trian', .* did you mean 'train'"):
        order("j", job(train=[], b=["trian"]))


def test_two_tasks_with_the_same_key_are_rejected() -> None:
    with pytest.raises(ProjectError, match="two tasks 'a'"):
        order("j", {"tasks": [{"task_key": "a"}, {"task_key": "a"}]})


def test_a_valid_job_passes(tmp_path: Path) -> None:
    check_tasks(tmp_path, TRAIN, deploy())


def test_parameters_that_belong_together_are_given_all_or_none(tmp_path: Path) -> None:
    def serve(given: str) -> str:
        return f"{{task_key: s, python_wheel_task: {{entry_point: serve, package_name: p, named_parameters: {given}}}}}"

    check_tasks(tmp_path, serve("{uri: u}"))
    check_tasks(tmp_path, serve("{uri: u, name: n, size: s}"))
    with pytest.raises(ProjectError, match="gives entry point 'serve' no size: add it"):
        check_tasks(tmp_path, serve("{uri: u, name: n}"))
    with pytest.raises(ProjectError, match="gives entry point 'serve' no uri: add it"):
        check_tasks(tmp_path, serve("{name: n, size: s}"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("entry_point: train", "entry_point: trian", r"^databricks\.yml: resources\.jobs\.j\.tasks\[train\]: task"),
        ("entry_point: train", "entry_point: trian", r"unknown entry point 'trian': did you mean 'train'"),
        ("rows: 1, ", "", r"gives entry point 'train' no rows"),
        (", seed: 2", "", r"gives entry point 'train' no seed"),
        ("seed: 2", "sede: 2", r"unknown parameter 'sede': did you mean 'seed'"),
        ("rows: 1", "rows: many", r"gives entry point 'train' the rows 'many': no number"),
        ("rows: 1", "rows: '{{job.parameters.rows}}'", r"job\.parameters\.rows\}\} in .*rows, but the job has no such"),
        ("rows: 1", "rows: '{{job.run}}'", r"\{\{job\.run\}\} .*did you mean 'job\.run_id'"),
        ("rows: 1", "rows: '{{tasks.tune.values.n}}'", r"the job has no task 'tune'"),
        ("rows: 1", "rows: '{{tasks.train.values.n}}'", r"does not run after 'train': add it to depends_on"),
        ("package_name: p", "package_name: q", r"package_name 'q', but the package is 'p'"),
        ("named_parameters: {rows: 1, seed: 2}", "parameters: ['1']", r"positional parameters"),
        ("task_key: train,", "task_key: train, run_if: ALL_DOEN,", r"run_if 'ALL_DOEN': did you mean 'ALL_DONE'"),
        ("task_key: train,", "task_key: train, max_retries: -1,", r"max_retries -1"),
        ("task_key: train,", "task_key: train, disabled: true,", r"is disabled"),
        ("python_wheel_task", "notebook_task", r"'train' is notebook_task, which does not run locally: use one of"),
    ],
)
def test_an_error_in_a_task_is_reported(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        check_tasks(tmp_path, TRAIN.replace(old, new))


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (deploy("{{tasks.train.values.url}}"), r"'train' sets no such value: did you mean 'uri'"),
        (deploy(depends_on="[]"), r"does not run after 'train'"),
        (
            deploy(depends_on="[{task_key: train, outcome: true}]"),
            r"an outcome of 'train', which is not a condition task",
        ),
    ],
)
def test_an_error_between_tasks_is_reported(tmp_path: Path, task: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        check_tasks(tmp_path, TRAIN, task)


def test_a_value_may_come_from_further_upstream(tmp_path: Path) -> None:
    between = TRAIN.replace("task_key: train", "task_key: again, depends_on: [{task_key: train}]")
    check_tasks(tmp_path, TRAIN, between, deploy(depends_on="[{task_key: again}]"))


@pytest.mark.parametrize(
    ("default", "message"), [("1", None), ("{{job.run_id}}", None), ("few", "the rows 'few': no num")]
)
def test_a_job_parameters_default_is_valid_for_the_task(tmp_path: Path, default: str, message: str | None) -> None:
    passed_on = TRAIN.replace("rows: 1", "rows: '{{job.parameters.rows}}'")
    jobs = {"j": f"{{parameters: [{{name: rows, default: '{default}'}}], tasks: [{passed_on}, {deploy()}]}}"}
    with pytest.raises(ProjectError, match=message) if message else nullcontext():
        check_jobs(tmp_path, jobs)


def test_a_job_parameters_default_cannot_refer_to_a_task(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"job 'j' gives its parameter 'rows' the default \{\{task\.name\}\}"):
        check_jobs(tmp_path, {"j": f"{{parameters: [{{name: rows, default: '{{{{task.name}}}}'}}], tasks: [{TRAIN}]}}"})


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("{left: a, op: EQUAL, right: b}", r"unknown op 'EQUAL': did you mean 'EQUAL_TO'"),
        ("{left: a}", r"a condition without op and right"),
        ("{left: '{{tasks.train.values.scroe}}', op: LESS_THAN, right: 1}", r"did you mean 'score'"),
    ],
)
def test_an_error_in_a_condition_is_reported(tmp_path: Path, condition: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        check_tasks(tmp_path, TRAIN, f"{{task_key: c, depends_on: [{{task_key: train}}], condition_task: {condition}}}")


def test_an_outcome_is_true_or_false(tmp_path: Path) -> None:
    condition = "{task_key: c, condition_task: {left: a, op: EQUAL_TO, right: b}}"
    waits = "{task_key: train, depends_on: [{task_key: c, outcome: true}],"
    check_tasks(tmp_path, condition, TRAIN.replace("{task_key: train,", waits))
    with pytest.raises(ProjectError, match=r"the outcome 'yes': write \"true\" or \"false\""):
        check_tasks(tmp_path, condition, TRAIN.replace("{task_key: train,", waits.replace("true", "yes")))


def starts(job_id: str, parameters: str = "{}") -> str:
    return f"{{tasks: [{{task_key: t, run_job_task: {{job_id: '{job_id}', job_parameters: {parameters}}}}}]}}"


def test_a_cycle_of_jobs_is_shown(tmp_path: Path) -> None:
    jobs = {"a": starts("${resources.jobs.b.id}"), "b": starts("${resources.jobs.a.id}")}
    with pytest.raises(ProjectError, match="a → b → a"):
        check_jobs(tmp_path, jobs, job_keys=["a"])


def test_a_started_job_must_exist_and_have_the_given_parameters(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"runs the job 77, which is not in the bundle: use one of a"):
        check_jobs(tmp_path, {"a": starts("77")})
    with pytest.raises(ProjectError, match=r"gives job 'b' a parameter 'x' that it does not have"):
        check_jobs(tmp_path, {"a": starts("${resources.jobs.b.id}", "{x: 1}"), "b": "{tasks: []}"})


def test_only_the_given_jobs_and_those_that_they_start_are_checked(tmp_path: Path) -> None:
    broken = "{tasks: [{task_key: t, sql_task: {}}]}"
    check_jobs(tmp_path, {"good": f"{{tasks: [{TRAIN}]}}", "bad": broken}, job_keys=["good"])
    with pytest.raises(ProjectError, match="sql_task"):
        check_jobs(tmp_path, {"a": starts("${resources.jobs.bad.id}"), "bad": broken}, job_keys=["a"])
    with pytest.raises(ProjectError, match=r"no job 'god': did you mean 'good'"):
        check_jobs(tmp_path, {"good": "{tasks: []}"}, job_keys=["god"])
