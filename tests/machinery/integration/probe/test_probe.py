"""The two tasks of the job probe on the local engine, and what remains when something fails or is killed half-way."""

from __future__ import annotations

import sys
import venv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from mlops.errors import ProjectError
from mlops.machinery_version import version
from mlops.probe import interpreter, model, volume, workers
from mlops.probe.interpreter import Interpreter
from mlops.probe.job import Job, token
from mlops.tasks import probe_process, probe_workspace
from mlops_local.platform import LocalPlatform

from example import PROJECT
from running import Runner, new_schema

MS = 1_772_874_304_250


@pytest.fixture
def probed(platform: LocalPlatform, experiment_id: str) -> Job:
    schema = new_schema(platform.spark)
    MlflowClient().create_registered_model(f"{schema}.fare")
    return Job(
        project=PROJECT,
        platform=platform,
        run_id="7",
        task_value=token("7"),
        started_at="2026-03-07T09:05:04Z",
        started_at_ms=MS,
        schema_name=schema,
        model_name=f"{schema}.fare",
        experiment_id=experiment_id,
        volume=f"/Volumes/{schema.replace('.', '/')}/artifacts",
        probe_table=f"{schema}.probe_results",
        payload_table="",
        served_entities_table="system.serving.served_entities",
        online_store="",
    )


def first_task(run_task: Runner, probed: Job) -> dict[str, str]:
    return run_task(
        probe_process,
        run_id=probed.run_id,
        experiment_id=probed.experiment_id,
        model_name=probed.model_name,
        probe_table=probed.probe_table,
    )


def second_task(run_task: Runner, probed: Job) -> dict[str, str]:
    given = {name: value for name, value in vars(probed).items() if name not in {"project", "platform"}}
    return run_task(probe_workspace, **given)


def rows(probed: Job) -> list[dict[str, Any]]:
    table = probed.platform.tables.read(probed.probe_table)
    return [row.asDict() for row in table.orderBy("asked_at", "number").collect()]


def remains(probed: Job) -> list[str]:
    """What is left of a model's life: registered models, runs, logged models and files."""
    client, experiment = MlflowClient(), [probed.experiment_id]
    models = [found.name for found in client.search_registered_models() if "_probe_" in found.name]
    runs = [run.info.run_id for run in client.search_runs(experiment, f"tags.{model.TAG} LIKE '%'")]
    logged = client.search_logged_models(experiment)
    of_probes = [found.model_id for found in logged if found.source_run_id in runs]
    return [*models, *runs, *of_probes]


def files(probed: Job) -> set[Path]:
    location = Path(mlflow.get_experiment(probed.experiment_id).artifact_location.removeprefix("file://"))
    return {path for path in location.rglob("*") if path.is_file()}


def test_both_tasks_print_every_answer_and_add_it_to_the_table(
    run_task: Runner, probed: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    values = first_task(run_task, probed)
    assert values == {"token": token("7")}
    summary = second_task(run_task, replace(probed, task_value=values["token"]))
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("probe ")]
    found = rows(probed)
    assert [row["task"] for row in found] == ["probe_process"] * 4 + ["probe_workspace"] * 11
    assert len(lines) == len(found)
    assert all(row["question"] in line and row["seen"] in line for row, line in zip(found, lines, strict=True))
    assert {(row["run_id"], row["machinery_version"], row["stand_in"]) for row in found} == {("7", version(), True)}
    assert {row["status"] for row in found} == {"ok", "not asked"}
    assert summary["probe"] == f"6 not asked, 9 ok, in {probed.probe_table}"
    assert not probed.platform.volume(probed.folder).exists()


def test_the_second_task_fails_for_the_answers_of_both_once_they_are_in_the_table(
    run_task: Runner, probed: Job
) -> None:
    first_task(run_task, replace(probed, experiment_id="404"))
    with pytest.raises(ProjectError, match=r"the platform failed 2 of the questions: MLflow finds .*, a task value"):
        second_task(run_task, replace(probed, task_value=""))
    failed = {row["question"]: row for row in rows(probed) if row["status"] == "failed"}
    assert list(failed) == ["MLflow finds the experiment and the model", "a task value arrives in the next task"]
    assert all(row["mend"] for row in failed.values())


def test_failures_of_an_earlier_run_are_not_this_ones(run_task: Runner, probed: Job) -> None:
    with pytest.raises(ProjectError):
        second_task(run_task, replace(probed, task_value=""))
    again = replace(probed, run_id="8", task_value=token("8"))
    assert second_task(run_task, again)["probe"].endswith(f"in {probed.probe_table}")
    assert {row["run_id"] for row in rows(probed)} == {"7", "8"}


def test_a_run_that_is_repaired_is_judged_by_its_newest_answers(run_task: Runner, probed: Job) -> None:
    with pytest.raises(ProjectError):
        second_task(run_task, replace(probed, task_value=""))
    assert second_task(run_task, probed)["probe"] == f"5 not asked, 6 ok, in {probed.probe_table}"


def test_a_model_lives_its_whole_life_and_nothing_of_it_remains(probed: Job) -> None:
    before = files(probed)
    assert model.life(probed) == (
        f"version 1 of {probed.model_name}_probe_7, with tag and alias, scored 3 rows, and was deleted"
    )
    assert remains(probed) == []
    assert files(probed) == before


BREAKS: dict[str, tuple[object, str]] = {
    "the model is logged": (mlflow.sklearn, "log_model"),
    "it is registered": (mlflow, "register_model"),
    "it is tagged": (MlflowClient, "set_model_version_tag"),
    "its alias is set": (MlflowClient, "set_registered_model_alias"),
    "Spark loads it": (mlflow.pyfunc, "spark_udf"),
}


@pytest.mark.parametrize("step", BREAKS)
def test_whatever_fails_nothing_remains(probed: Job, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    before = files(probed)
    owner, name = BREAKS[step]

    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("not allowed")

    monkeypatch.setattr(owner, name, refuse)
    with pytest.raises(MlflowException, match="not allowed"):
        model.life(probed)
    monkeypatch.undo()
    assert remains(probed) == []
    assert files(probed) == before


def test_what_a_killed_probe_has_left_is_removed_by_the_next_and_said(
    probed: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(probed)
    monkeypatch.setattr(model, "remove", lambda *_: [])  # a killed process removes nothing
    monkeypatch.setattr(model, "_score", lambda *_: 3)
    model.life(probed)
    monkeypatch.undo()
    assert len(remains(probed)) == 3
    said = model.life(replace(probed, run_id="8"))
    assert f"removed what an earlier probe left: the registered model {probed.model_name}_probe_7, run " in said
    assert remains(probed) == []
    assert files(probed) == before


def test_a_failure_to_remove_does_not_hide_the_first_error(probed: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def remove(*_: object) -> list[str]:
        calls.append(1)
        if len(calls) > 1:
            raise MlflowException("cannot delete")
        return []

    monkeypatch.setattr(model, "remove", remove)
    monkeypatch.setattr(model, "_register", lambda *_: (_ for _ in ()).throw(ProjectError("cannot register")))
    with pytest.raises(ProjectError, match="cannot register"):
        model.life(probed)
    assert len(calls) == 2


def test_a_model_that_predicts_what_another_would_is_noticed(probed: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    really: Callable[[str], int] = model._intercept  # noqa: SLF001 - the number that differs by run
    numbers = iter([really("6"), really("7"), really("7"), really("7")])
    monkeypatch.setattr(model, "_intercept", lambda _: next(numbers))
    with pytest.raises(ProjectError, match=r"predicts \[.*\] in Spark's workers instead of"):
        model.life(probed)


@pytest.mark.parametrize("renames", [True, False])
def test_files_of_a_volume_are_written_and_read_whether_or_not_renaming_works(
    probed: Job, monkeypatch: pytest.MonkeyPatch, *, renames: bool
) -> None:
    if not renames:

        def refuse(*_: object) -> None:
            raise OSError(38, "Function not implemented")

        monkeypatch.setattr(Path, "replace", refuse)
    said = volume.files(probed)
    assert said.endswith("renaming over a file works" if renames else "[Errno 38] Function not implemented)")
    assert not probed.platform.volume(probed.folder).exists()


def test_a_volume_that_keeps_nothing_fails(probed: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "write_text", lambda self, *_, **__: self.write_bytes(b""))
    with pytest.raises(ProjectError, match=r"old\.txt does not contain what was written"):
        volume.files(probed)


def test_batches_of_a_stream_leave_no_table(probed: Job) -> None:
    assert workers.batches(probed) == f"machinery {version()} in this process"
    names = [f"{probed.schema_name}.{name}" for name in ("probe_stream", "probe_batches")]
    assert [name for name in names if probed.platform.tables.exists(name)] == []
    assert workers.batches(probed) == f"machinery {version()} in this process"  # also a second time


def test_workers_with_another_machinery_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "version", lambda: "0.0.1")
    found = [{"machinery": "0.0.2", "process": 1}]
    with pytest.raises(ProjectError, match=r"the machinery is 0\.0\.1 here, but 0\.0\.2 there"):
        workers._same_machinery(found, expected=1)  # noqa: SLF001 - the judgement alone
    with pytest.raises(ProjectError, match="1 rows came back instead of 3"):
        workers._same_machinery(found, expected=3)  # noqa: SLF001 - as above


@pytest.fixture
def process(probed: Job) -> Interpreter:
    return Interpreter(PROJECT, probed.platform, probed.experiment_id, probed.model_name, replaced="")


def test_an_interpreter_that_needs_the_path_of_the_task_is_told(
    process: Interpreter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venv.create(tmp_path / "bare")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare/bin/python"))
    said = interpreter.child_process(process)
    assert "only with the module search path of the task" in said
    assert "No module named" in said


def test_an_interpreter_that_cannot_import_the_environment_at_all_fails(
    process: Interpreter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venv.create(tmp_path / "bare")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare/bin/python"))
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(ProjectError, match="cannot import mlflow, example, mlops: ModuleNotFoundError"):
        interpreter.child_process(process)


def test_an_experiment_or_a_model_that_is_not_there_fails(process: Interpreter) -> None:
    assert "the experiment tests keeps its files in" in interpreter.tracking(process)
    with pytest.raises(MlflowException):
        interpreter.tracking(replace(process, experiment_id="404"))
    with pytest.raises(MlflowException):
        interpreter.tracking(replace(process, model_name="dev.s.none"))
