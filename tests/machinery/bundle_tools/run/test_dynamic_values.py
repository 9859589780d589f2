from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bundle_tools.run.dynamic_values import Context, Finished, fill, references
from mlops.errors import ProjectError

STARTED = datetime(2026, 3, 7, 9, 5, 4, 250_000, tzinfo=UTC)  # a Saturday
JOB = Context(
    job_key="training",
    job_id="12",
    job_name="[dev ada] training",
    run_id=5,
    started=STARTED,
    parameters={"as_of": "2026-01-31", "odd name": "o"},
    workspace_url="https://example.org",
)
TASK = replace(
    JOB,
    task_key="validate",
    task_run_id=9,
    attempt=2,
    tasks={"train": Finished("success", 8, 1, {"uri": "models:/m/1", "n": 3, "ok": True, "rows": [1, "a"]})},
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("job.id", "12"),
        ("job.name", "[dev ada] training"),
        ("job.run_id", "5"),
        ("job.repair_count", "0"),
        ("job.trigger.type", "one_time"),
        ("job.parameters.as_of", "2026-01-31"),
        ("job.parameters.`odd name`", "o"),
        ("job.start_time.iso_date", "2026-03-07"),
        ("job.start_time.iso_datetime", "2026-03-07T09:05:04Z"),
        ("job.start_time.iso_weekday", "6"),
        ("job.start_time.is_weekday", "false"),
        ("job.start_time.hour", "9"),
        ("job.start_time.timestamp_ms", "1772874304250"),
        ("job.trigger.time.year", "2026"),
        ("task.name", "validate"),
        ("task.run_id", "9"),
        ("task.execution_count", "2"),
        ("tasks.train.values.uri", "models:/m/1"),
        ("tasks.train.values.n", "3"),
        ("tasks.train.values.ok", "true"),
        ("tasks.train.values.rows", '[1, "a"]'),
        ("tasks.train.result_state", "success"),
        ("tasks.train.run_id", "8"),
        ("workspace.url", "https://example.org"),
        ("workspace.id", "0"),
    ],
)
def test_each_documented_reference_has_its_value(name: str, value: str) -> None:
    assert fill({"p": f"a {{{{{name}}}}} b"}, TASK) == {"p": f"a {value} b"}


def test_a_tree_is_filled_in_at_every_depth_and_other_values_are_unchanged() -> None:
    tree = {"a": ["{{ job.id }}/{{task.name}}", 3, None], "b": {"c": "plain"}}
    assert fill(tree, TASK) == {"a": ["12/validate", 3, None], "b": {"c": "plain"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{{tasks.train.values.url}}",
            r"'training', task 'validate', parameter p asks .* never set: did you mean 'uri'",
        ),
        ("{{tasks.train.values.z}}", r"never set: choose one of uri, n, ok, rows"),
        (
            "{{tasks.tune.run_id}}",
            r"\{\{tasks\.tune\.run_id\}\}, which does not exist: did you mean 'tasks\.train\.run_id'",
        ),
        ("{{job.naem}}", r"did you mean 'job\.name'"),
        ("{{job.parameters.day}}", r"the job declares no such parameter"),
        ("{{not a name}}", r"\{\{not a name\}\}, which is not a reference"),
    ],
)
def test_a_reference_without_a_value_is_rejected_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        fill({"p": text}, TASK)


def test_a_job_outside_its_tasks_has_no_task_values() -> None:
    with pytest.raises(ProjectError, match=r"^Job 'training', parameter p asks for \{\{task\.name\}\}"):
        fill({"p": "{{task.name}}"}, JOB)


def test_references_are_found_with_their_parts_and_path() -> None:
    found = references({"a": "x", "b": ["{{job.id}} {{tasks.`my-task`.values.k}}"]})
    assert [(one.raw, one.parts, one.path) for one in found] == [
        ("{{job.id}}", ("job", "id"), "b[0]"),
        ("{{tasks.`my-task`.values.k}}", ("tasks", "my-task", "values", "k"), "b[0]"),
    ]
