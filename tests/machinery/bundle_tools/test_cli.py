import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from databricks.sdk.errors import PermissionDenied

from bundle_tools import cli
from bundle_tools.commands.program import SECTIONS, program
from bundle_tools.messages import of_failure, sentence
from bundle_tools.run import session
from bundle_tools.run.options import Options
from bundle_tools.run.session import Request
from mlops.errors import ProjectError
from mlops.machinery_version import version

from generated import generated_project

ROOT = generated_project()
MACHINERY = Path(cli.__file__).parents[1]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Options, Request]]:
    """Records what the command line passes to the session, instead of running it."""
    seen: list[tuple[Options, Request]] = []

    def run(options: Options, request: Request, _: object) -> int:
        seen.append((options, request))
        return 0

    monkeypatch.setattr(session, "run", run)
    return seen


def test_the_lifecycle_runs_by_default(asked: list[tuple[Options, Request]], tmp_path: Path) -> None:
    assert cli.run(["run", "--root", str(tmp_path)]) == 0
    options, request = asked[0]
    assert (request.job, request.engine, options.target) == ("lifecycle", "sail", None)
    assert options.state == tmp_path / ".local"
    assert not request.source.chosen


def test_every_option_reaches_the_session(asked: list[tuple[Options, Request]]) -> None:
    words = (
        "run training --target prod --source t.csv --param a=b=c --param d= --var trials=3 --engine spark --state /s "
        "--approve 7 --port 8001"
    )
    cli.run(words.split())
    options, request = asked[0]
    assert (request.job, request.engine, options.target) == ("training", "spark", "prod")
    assert (request.parameters, options.variables) == ({"a": "b=c", "d": ""}, {"trials": "3"})
    assert (request.source.files, options.state) == ("t.csv", Path("/s"))
    assert (request.approve, request.port) == ("7", 8001)


def test_a_rollback_and_its_end_are_jobs(asked: list[tuple[Options, Request]]) -> None:
    assert cli.run(["rollback", "--reason", "`touch f` $(x)", "--to", "3", "--target", "prod"]) == 0
    assert cli.run(["resume", "--reason", "fixed"]) == 0
    (options, back), (_, on) = asked
    assert (back.job, back.parameters, options.target) == (
        "rollback",
        {"reason": "`touch f` $(x)", "to_version": "3"},
        "prod",
    )
    assert (on.job, on.parameters) == ("promotion", {"action": "resume", "reason": "fixed"})


def test_what_follows_two_dashes_is_no_option(asked: list[tuple[Options, Request]]) -> None:
    assert cli.run(["run", "--target=--help", "--", "--version"]) == 0
    options, request = asked[0]
    assert (request.job, options.target) == ("--version", "--help")


def test_synthetic_rows_and_drift_can_be_combined(asked: list[tuple[Options, Request]]) -> None:
    cli.run(["run", "--rows", "50", "--drift-from", "2016-02-01"])
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
    assert cli.run([*given, "--root", str(ROOT)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert expected in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("run --rows none", "error: --rows: 'none' is not a whole number from 1 on (see mlops run --help)."),
        ("run --rows 0", "error: --rows: '0' is not a whole number from 1 on (see mlops run --help)."),
        ("run --port 99999", "error: --port: '99999' is not a whole number from 1 to 65535 (see mlops run --help)."),
        ("run --param novalue", "error: --param: 'novalue' is not of the form KEY=VALUE (see mlops run --help)."),
        ("run --drift-from x", "error: --drift-from: 'x' is not a day such as 2016-02-01 (see mlops run --help)."),
        ("run --targte prod", "error: mlops run has no option --targte: did you mean '--target'?"),
        ("run training prod", "error: got unexpected extra argument (prod) (see mlops run --help)."),
        ("run --var", "error: option '--var' requires an argument (see mlops run --help)."),
        ("doctor --var novalue", "error: --var: 'novalue' is not of the form KEY=VALUE (see mlops doctor --help)."),
        ("bootstrap dev --apply=yes", "error: --apply: 'yes' is not '1' (see mlops bootstrap --help)."),
        ("doctor prod --target dev", "error: there are two targets, 'prod' and 'dev' (see mlops doctor --help)."),
        ("predict", "error: give either the key of a row or a file with --json (see mlops predict --help)."),
        ("query 1 --json f", "error: give either the key of a row or a file with --json (see mlops query --help)."),
        ("pin", "error: give either a run with --run or a model version with --version (see mlops pin --help)."),
        ("rollback", "error: mlops rollback needs --reason (see mlops rollback --help)."),
        (
            "load-test --users 0",
            "error: --users: '0' is not a whole number from 1 to 1000 (see mlops load-test --help).",
        ),
        ("retrian", "error: there is no command 'retrian': did you mean 'retrain'?"),
        ("--nothing", "error: mlops has no option --nothing: choose one of --help, --version, -h (see mlops --help)."),
    ],
)
def test_a_mistake_on_the_command_line_is_one_sentence_and_exit_code_2(
    words: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(words.split()) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"{expected}\n")


def test_no_command_shows_the_help_and_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 2
    assert capsys.readouterr().out.startswith("Usage: mlops [OPTIONS] COMMAND")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", "x."),
        ("x.", "x."),
        ("x..", "x."),
        ("x?", "x?"),
        ("did you mean 'rmse'?.", "did you mean 'rmse'?"),
        ("see a.b.", "see a.b."),
        ("x.\n", "x."),
    ],
)
def test_a_sentence_ends_with_exactly_one_full_stop_or_question_mark(text: str, expected: str) -> None:
    assert sentence(text) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ProjectError("there is no metric: did you mean 'rmse'?"), "there is no metric: did you mean 'rmse'?"),
        (PermissionDenied("no. Config: host=x"), "the workspace refuses: PermissionDenied: no."),
        (PermissionError(13, "Permission denied", "/f"), "/f cannot be used: Permission denied."),
        (TimeoutError("timed out"), "TimeoutError: timed out."),
    ],
)
def test_failures_of_files_and_workspaces_are_one_sentence(error: ProjectError | OSError, expected: str) -> None:
    assert of_failure(error) == expected


@pytest.mark.parametrize(
    ("raised", "code", "expected"),
    [
        (KeyboardInterrupt(), 130, "\nstopped.\n"),
        (ProjectError("no."), 1, "error: no.\n"),
        (PermissionDenied("no"), 1, "error: the workspace refuses: PermissionDenied: no.\n"),
    ],
)
def test_what_a_command_raises_becomes_its_exit_code(
    raised: BaseException,
    code: int,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        sys.stdout.write("earlier\n")
        raise raised

    monkeypatch.setattr(session, "run", fail)
    assert cli.run(["run"]) == code
    said = capsys.readouterr()
    assert (said.out, said.err) == ("earlier\n", expected)


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(session, "run", fail)
    with pytest.raises(ZeroDivisionError):
        cli.run(["run"])


def mlops(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "bundle_tools", *words],
        env={"PYTHONPATH": str(MACHINERY), "PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_version_is_that_of_the_machinery() -> None:
    found = mlops("--version")
    assert (found.returncode, found.stdout, found.stderr) == (0, f"mlops {version()}\n", "")


def test_the_process_ends_with_the_exit_code(tmp_path: Path) -> None:
    found = mlops("doctor", "--root", str(tmp_path))
    assert found.returncode == 1
    assert found.stderr.startswith("error: There is no databricks.yml in ")
    assert mlops("doctor", "--nothing").returncode == 2


def test_help_and_version_import_nothing_but_click() -> None:
    script = (
        "import sys; from bundle_tools import cli; "
        "codes = [cli.run(words.split()) for words in sys.argv[1:]]; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)), codes)"
    )
    command = [sys.executable, "-S", "-c", script, "--version", "--help", "run --help", "load-test --help", "run --x"]
    path = f"{MACHINERY}:{Path(click.__file__).parents[1]}"
    found = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "['__main__', 'bundle_tools', 'click', 'mlops'] [0, 0, 0, 0, 2]"


@pytest.mark.parametrize("name", sorted(program.commands))
def test_every_command_explains_itself_and_its_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([name, "--help"]) == 0
    said = capsys.readouterr().out
    command = program.commands[name]
    assert said.startswith(f"Usage: mlops {name} [OPTIONS]")
    assert command.get_short_help_str(200).endswith(".")
    options = [param for param in command.params if isinstance(param, click.Option)]
    described = re.compile(r"[A-Z].*\.(  \[default: .*\])?")
    assert [one.name for one in options if not described.fullmatch(one.help or "")] == []
    assert all(one.opts[0] in said for one in options)


def test_every_command_is_in_one_section(capsys: pytest.CaptureFixture[str]) -> None:
    assert sorted(one.name or "" for section in SECTIONS.values() for one in section) == sorted(program.commands)
    cli.run(["--help"])
    said = capsys.readouterr().out
    assert all(f"\n  {name} " in said for name in program.commands)
    assert "_MLOPS_COMPLETE=bash_source mlops" in said


def test_commands_options_and_jobs_are_completed() -> None:
    def completed(words: str) -> list[str]:
        environment = {"_MLOPS_COMPLETE": "bash_complete", "COMP_WORDS": f"mlops {words}"}
        environment["COMP_CWORD"] = str(len(words.split()))
        return [line.partition(",")[2] for line in mlops(**environment).stdout.splitlines()]

    assert completed("ro") == ["rollback"]
    assert completed("pin --ke") == ["--keep"]
    assert completed(f"run --root {ROOT} trai") == ["training"]


def test_the_jobs_are_listed_in_the_order_of_their_tasks(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["jobs", "--root", str(ROOT)]) == 0
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
    assert cli.run(["run", "lifecycle", "--root", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert expected in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert not (tmp_path / ".local").exists()
