import shutil
from pathlib import Path

import pytest

from bundle_tools.run import cli
from bundle_tools.run.session import Options, Request

from generated import generated_project

ROOT = generated_project()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Options, Request]]:
    """Records what the command line passes to the session, instead of running it."""
    seen: list[tuple[Options, Request]] = []

    def run(options: Options, request: Request, _: object) -> int:
        seen.append((options, request))
        return 0

    monkeypatch.setattr(cli, "run", run)
    return seen


def test_the_lifecycle_runs_by_default(asked: list[tuple[Options, Request]], tmp_path: Path) -> None:
    assert cli.main(["run", "--root", str(tmp_path)]) == 0
    options, request = asked[0]
    assert (request.job, request.engine, options.target) == ("lifecycle", "sail", None)
    assert options.state == tmp_path / ".local"
    assert not request.source.chosen


def test_every_option_reaches_the_session(asked: list[tuple[Options, Request]]) -> None:
    words = "run training --target prod --source t.csv --param a=b=c --var trials=3 --engine spark --state /s"
    cli.main(words.split())
    options, request = asked[0]
    assert (request.job, request.engine, options.target) == ("training", "spark", "prod")
    assert (request.parameters, options.variables) == ({"a": "b=c"}, {"trials": "3"})
    assert (request.source.files, options.state) == ("t.csv", Path("/s"))


def test_synthetic_rows_and_drift_can_be_combined(asked: list[tuple[Options, Request]]) -> None:
    cli.main(["run", "--rows", "50", "--drift-from", "2016-02-01"])
    assert str(asked[0][1].source) == "example data, drifted from 2016-02-01"
    assert asked[0][1].source.rows == 50


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("run trainig", "there is no job 'trainig' in the bundle: choose one of"),
        ("run --target production", "production"),
        ("jobs --target nowhere", "nowhere"),
        ("run --source t.csv --rows 5", "--source cannot be combined with --rows"),
        ("run --engine flink --state {tmp}", "there is no engine 'flink'"),
        ("run --var nothing=1", "nothing"),
        ("ui --state {tmp}/none", "there is no local state"),
    ],
)
def test_an_error_is_one_sentence_and_exit_code_1(
    words: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = words.format(tmp=tmp_path).split()
    assert cli.main([*given, "--root", str(ROOT)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert expected in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("words", ["run --rows none", "run --rows 0", "run --param novalue", "run --drift-from x", ""])
def test_an_invalid_command_line_is_rejected(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(words.split())
    assert caught.value.code == 2
    assert "usage: " in capsys.readouterr().err


def test_the_jobs_are_listed_in_the_order_of_their_tasks(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["jobs", "--root", str(ROOT)]) == 0
    assert "training: train → validate → deploy → explain" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("resources/training.job.yml", "task_key: validate", "task_key: check", "validate"),
        ("resources/training.job.yml", "values.model_uri", "values.model_ury", "model_ury"),
        ("resources/training.job.yml", "entry_point: train", "entry_point: trian", "did you mean 'train'"),
        ("resources/training.job.yml", 'trials: "{{job', 'tries: "{{job', "tries"),
        ("resources/training.job.yml", "${var.trials}", "${var.trails}", "trails"),
        ("resources/training.job.yml", "- task_key: validate\n", "- task_key: deploy\n", "deploy"),
        ("resources/lifecycle.job.yml", "resources.jobs.features.id", "resources.jobs.feature.id", "feature"),
        ("resources/features.job.yml", "python_wheel_task", "spark_python_task", "spark_python_task"),
        ("databricks.yml", "catalog: ", "katalog: ", "katalog"),
    ],
)
def test_an_error_in_a_file_is_one_sentence_before_anything_runs(
    file: str, old: str, new: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("databricks.yml", "pyproject.toml", "resources"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    assert cli.main(["run", "lifecycle", "--root", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert expected in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert not (tmp_path / ".local").exists()
