import contextlib
import typing
from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace

import pytest
from pydantic import Field, TypeAdapter

from mlops.errors import ProjectError
from mlops.parameters import parse
from mlops.platform.base import Platform, use
from mlops.project import Project
from mlops.registry import Registry
from mlops.tasks import check_metrics, check_rollout, task, update_inference_log
from mlops_local.platform import LocalPlatform

from example import PROJECT


class Parameters(task.Parameters):
    table_name: str
    trials: int = Field(default=2, ge=1)


class Values(task.Values):
    tried: int


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    platform.publish("seen", f"{parameters.table_name} of {project.config.label}")
    return Values(tried=parameters.trials)


@pytest.mark.parametrize("argv", [["--table_name=a=b", "--trials=3"], ["--table_name", "a=b", "--trials", "3"]])
def test_parameters_are_read_from_the_command_line(argv: list[str]) -> None:
    assert parse(Parameters, argv) == Parameters(table_name="a=b", trials=3)


def test_a_default_makes_a_parameter_optional() -> None:
    assert parse(Parameters, ["--table_name=t"]).trials == 2


def test_job_parameters_of_other_tasks_are_ignored() -> None:
    assert parse(Parameters, ["--table_name=t", "--champion_catalog=prod"]) == Parameters(table_name="t")


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["--trials=3"], "required: --table_name"),
        (["--table_name=t", "--trials=many"], "'trials' is 'many'"),
        (["--table_name=t", "--trials=0"], "'trials' is '0'"),
        (["--table_name=t", "loose"], "'loose' is not a parameter: write --name=value"),
    ],
)
def test_an_invalid_command_line_gives_a_one_sentence_error(argv: list[str], expected: str) -> None:
    with pytest.raises(ProjectError) as caught:
        parse(Parameters, argv)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("module", [check_metrics, check_rollout, update_inference_log])
@pytest.mark.parametrize("text", ["2026-03-07T09:05:04Z", "2026-03-07T09:05:04", "2026-03-07T10:05:04+01:00"])
def test_the_start_of_a_run_without_an_offset_is_in_utc(module: ModuleType, text: str) -> None:
    kind = typing.get_type_hints(module.Parameters, include_extras=True)["started_at"]
    time = TypeAdapter(kind).validate_python(text)
    assert (time, time.tzinfo) == (datetime(2026, 3, 7, 9, 5, 4, tzinfo=UTC), UTC)


def test_a_task_publishes_its_values_as_text(platform: LocalPlatform) -> None:
    platform.task_values.clear()
    with use(platform):
        task.Task(run, PROJECT)(["--table_name=t"])
    assert platform.task_values == {"seen": f"t of {PROJECT.config.label}", "tried": "2"}


def test_a_task_reads_the_command_line_of_the_process(platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["entry_point", "--table_name=from-argv"])
    with use(platform):
        task.Task(run, PROJECT)()
    assert platform.task_values["seen"].startswith("from-argv")


def test_a_task_knows_its_parameters_and_values_from_its_types() -> None:
    made = task.Task(run, PROJECT)
    assert (made.parameters, made.values) == (Parameters, Values)


@pytest.mark.parametrize("fails", [False, True])
def test_the_card_of_every_version_that_a_task_wrote_to_is_refreshed_even_if_it_fails(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    refreshed: list[tuple[str, str]] = []
    monkeypatch.setattr(task.model_card, "refresh", lambda _, *version: refreshed.append(version))
    client = SimpleNamespace(set_model_version_tag=lambda *_: None, set_registered_model_alias=lambda *_: None)

    def writing(parameters: Parameters, project: Project, platform: Platform) -> Values:  # noqa: ARG001 - a task
        registry = Registry("dev.s.m", client)  # type: ignore[arg-type] # only these two methods are used
        registry.tag("2", "key", "value")
        registry.tag("2", "other", "value")
        registry.set_alias("Champion", "1")
        if fails:
            raise ProjectError("no")
        return Values(tried=parameters.trials)

    with contextlib.suppress(ProjectError):
        task.Task(writing, PROJECT).execute(Parameters(table_name="t"), platform)
    assert refreshed == [("dev.s.m", "1"), ("dev.s.m", "2")]
