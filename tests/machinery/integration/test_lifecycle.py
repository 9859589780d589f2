"""Runs the whole lifecycle through the command line in a separate process, as `make lifecycle` does."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow.parquet
import pytest
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from bundle_tools.run import entry_points
from mlops.registry import CHAMPION

import call_counts
import example
from example import synthetic
from generated import generated_project

ROOT = generated_project()
PACKAGE = entry_points.package(ROOT)
SOURCES = "src:machinery/src"
SOURCE = "samples.nyctaxi.trips"
ENVIRONMENT = {"PYTHONPATH": SOURCES, "PATH": "/usr/bin:/bin", "COLUMNS": "160"}
MLOPS = (sys.executable, "-m", "bundle_tools")
COUNTED = (sys.executable, call_counts.__file__)
# What a first life may ask with five trials, by task; on Databricks each is a request of 0.1 to 1 second.
BUDGETS = {
    "compute_features": {"executions": 7, "analyses": 4, "tracking": 0, "registry": 0},
    "train": {"executions": 4, "analyses": 7, "tracking": 34, "registry": 6},
    "validate": {"executions": 11, "analyses": 9, "tracking": 10, "registry": 11},
    "change_champion": {"executions": 2, "analyses": 1, "tracking": 5, "registry": 15},
    "explain": {"executions": 2, "analyses": 1, "tracking": 3, "registry": 7},
    "batch_inference": {"executions": 7, "analyses": 10, "tracking": 0, "registry": 3},
    "update_inference_log": {"executions": 5, "analyses": 8, "tracking": 0, "registry": 0},
    "refresh_metrics": {"executions": 10, "analyses": 9, "tracking": 0, "registry": 3},
    "check_metrics": {"executions": 5, "analyses": 4, "tracking": 1, "registry": 1},
    call_counts.SET_UP: {"executions": 3, "analyses": 5, "tracking": 5, "registry": 2},
}
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, which tests may break."""
    folder = tmp_path_factory.mktemp("copy") / "project"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "dist", "build", "__pycache__"))
    shutil.copy(example.CONFIG, folder / "src" / PACKAGE / "project.yml")
    return folder


@pytest.fixture(scope="module")
def local(project: Path) -> Command:
    """Run the local runner in the copy."""

    def run(*words: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        process = started(project, *words)
        found = subprocess.CompletedProcess(process.args, 0, *process.communicate())
        assert process.returncode == expect, found.stdout + found.stderr
        return found

    return run


def started(project: Path, *words: str) -> subprocess.Popen[str]:
    """Start the local runner in a project; it writes what it asks Spark and MLflow to `calls.json`."""
    source = [] if any("source_tables" in word for word in words) else ["--var", f"source_tables=trips={SOURCE}"]
    return subprocess.Popen(
        [*COUNTED, *words, *source],
        cwd=project,
        env=ENVIRONMENT | {"HOME": str(project), "CALL_COUNTS": str(project / "calls.json")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def first_life(local: Command, project: Path) -> str:
    shown = local("run", "lifecycle", "--rows", "1500").stdout
    (project / "calls.json").rename(project / "first_calls.json")
    return shown


@pytest.fixture(scope="module")
def first_calls(first_life: str, project: Path) -> dict[str, dict[str, int]]:
    """What the tasks of the first life have asked."""
    assert first_life
    return calls(project, "first_calls.json")


def calls(project: Path, file: str = "calls.json") -> dict[str, dict[str, int]]:
    return json.loads((project / file).read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_inference_before_any_training_says_what_to_do(local: Command) -> None:
    local("run", "features", "--state", "other", "--rows", "300")
    error = local("run", "batch_inference", "--state", "other", expect=1).stderr
    assert re.fullmatch(
        r"error: job batch_inference, task batch_inference: model .* run the training job first.\n", error
    )


def test_training_before_any_features_says_what_to_do(local: Command) -> None:
    found = local("run", "training", "--state", "another", "--rows", "300", expect=1)
    assert "pickup_features does not exist: run the job that writes it first" in found.stderr
    assert re.search(r"train +│ failed", found.stdout)
    assert re.search(r"validate +│ upstream_failed", found.stdout)


def test_a_first_life_asks_no_more_than_its_budget(first_calls: dict[str, dict[str, int]]) -> None:
    """Budgets are met exactly: one that is not used up is too large to notice what is added."""
    assert first_calls == BUDGETS
    total = {kind: sum(task[kind] for task in BUDGETS.values()) for kind in call_counts.KINDS}
    assert total == {"executions": 56, "analyses": 58, "tracking": 58, "registry": 48}


def test_the_lifecycle_ends_with_a_champion_that_beats_the_naive_baseline(first_life: str) -> None:
    for task in ("compute_features", "train", "validate", "change_champion", "batch_inference"):
        assert re.search(rf"│ {task} +│ success +│ +\d+\.\d", first_life)
    assert "version 1" in first_life
    assert "rows scored: 1,500" in first_life
    assert re.search(r"│ \w+ +│ \S+ +│ \S+ +│", first_life)


def test_runs_and_models_are_only_in_the_local_state(first_life: str, project: Path) -> None:
    """MLflow makes a folder `mlruns` for artifacts wherever it opens a database; none of ours are there."""
    assert first_life
    assert (project / ".local" / "mlflow.db").exists()
    assert not (project / "mlflow.db").exists()
    assert not [path for path in (project / "mlruns").rglob("*") if path.is_file()]


def test_a_second_lifecycle_scores_no_row_twice_and_keeps_the_champion(
    first_calls: dict[str, dict[str, int]], local: Command, project: Path
) -> None:
    assert first_calls
    again = local("run", "lifecycle", "--var", "trials=2").stdout
    assert calls(project)["batch_inference"]["executions"] <= 15
    assert "1,500 rows from example data" in again
    assert "rows scored: 0" in again
    assert "version 1" in again
    assert re.search(r"^version 2, keep the champion: \S", again, re.MULTILINE)


def test_targets_do_not_share_models_or_tables(first_life: str, local: Command) -> None:
    assert first_life
    error = local("run", "batch_inference", "--target", "staging", expect=1).stderr
    assert "does not exist" in error or "no version with the alias Champion" in error


@pytest.mark.thorough  # the project with flights does it too
def test_a_model_of_dev_is_compared_with_the_champion_of_production(first_life: str, local: Command) -> None:
    assert first_life
    before = local("run", "compare").stdout
    assert re.search(r"compared: challenger \w+ \S+ beats the naive baseline .*\(prod\.\w+\.\w+\)", before)
    local("run", "lifecycle", "--target", "prod", "--var", "trials=1", "--approve", "1")
    after = local("run", "compare").stdout
    assert re.search(r"compared: challenger \w+ \S+ (beats|does not beat) champion version 1 .*\(prod\.", after)


@pytest.mark.thorough  # the project with flights does it too
def test_a_snapshot_of_production_can_be_the_source_in_dev(first_life: str, local: Command) -> None:
    assert first_life
    copied = local("run", "snapshot", "--target", "prod", "--param", "rows=700").stdout
    name = str(re.search(r"snapshot (dev\.\w+): 700 rows, [\d,]+ predictions", copied)[1])  # type: ignore[index]
    computed = local("run", "features", "--var", f"source_tables=trips={name}.trips").stdout
    assert re.search(r"compute_features +│ success", computed)


def test_the_notebook_explores_the_data_and_writes_only_its_page(first_life: str, project: Path) -> None:
    assert first_life
    state = project / ".local"
    before = {path for path in state.rglob("*") if path.is_file()}
    command = [*MLOPS, "notebook"]
    environment = {"PYTHONPATH": SOURCES, "PATH": "/usr/bin:/bin", "HOME": str(project)}
    environment["BUNDLE_VAR_source_tables"] = f"trips={SOURCE}"
    found = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    page = state / "explore.html"
    text = page.read_text(encoding="utf-8")
    assert {path for path in state.rglob("*") if path.is_file()} == before | {page}
    assert text.count("<img ") == 6
    assert text.count('<div class="table">') >= 6
    assert "near-perfect score" in text


def test_the_search_space_is_pinned_to_a_version(first_life: str, project: Path) -> None:
    assert first_life
    file = project / "src" / PACKAGE / "project.yml"
    before = file.read_text(encoding="utf-8")
    environment = {"PYTHONPATH": SOURCES, "PATH": "/usr/bin:/bin", "HOME": str(project)}

    def pin(*words: str) -> subprocess.CompletedProcess[str]:
        command = [*MLOPS, "pin", *words]
        return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)

    refused = pin("--version", "77")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: there is no such run or version among local runs")
    assert file.read_text(encoding="utf-8") == before
    try:
        done = pin("--version", "1")
        assert done.returncode == 0, done.stderr
        after = file.read_text(encoding="utf-8")
        assert re.search(r"# Pinned by make pin: version 1 of dev\..*, run \w+, validation_\w+ [\d.]+", after)
        assert set(before.splitlines()) - set(after.splitlines()) == {
            line for line in before.splitlines() if re.search(r"\{type: (float|int), low", line)
        }
    finally:
        file.write_text(before, encoding="utf-8")


@pytest.mark.thorough
def test_a_new_input_is_added_to_existing_tables(first_life: str, project: Path, local: Command) -> None:
    assert first_life
    package = project / "src" / PACKAGE
    with (
        changed(package / "project.yml", "inputs: [trip_distance,", "inputs: [noon, trip_distance,"),
        changed(package / "features.py", 'alias("fare_amount")', 'alias("fare_amount"), F.lit(12.0).alias("noon")'),
    ):
        found = local("run", "lifecycle", "--var", "trials=1").stdout
    assert re.search(r"│ train +│ success", found)
    assert re.search(r"│ train +│ success", local("run", "training", "--var", "trials=1").stdout)


def test_new_rows_of_a_source_file_are_scored(first_life: str, local: Command, tmp_path: Path) -> None:
    assert first_life
    file = tmp_path / "trips.parquet"
    pyarrow.parquet.write_table(synthetic.example_data(1600), file)
    found = local("run", "batch_inference", "--source", str(file)).stdout
    assert f"1,600 rows from {file}" in found
    assert re.search(r"rows scored: 1,\d\d\d", found)


def test_of_two_first_runs_at_once_one_waits_and_no_row_is_doubled(project: Path, spark: SparkSession) -> None:
    with ExitStack() as processes:
        runs = [
            processes.enter_context(started(project, "run", "features", "--rows", "300", "--state", "both"))
            for _ in range(2)
        ]
        for run in runs:
            processes.callback(run.kill)
        ended = [(*run.communicate(timeout=300), run.returncode) for run in runs]
    assert [code for *_, code in ended] == [0, 0], ended
    assert sum("waiting for another run" in out for out, *_ in ended) == 1
    (feature_rows,) = (project / "both" / "tables" / "dev").glob("*/pickup_features")
    rows = spark.read.format("delta").load(str(feature_rows))
    assert rows.count() == rows.distinct().count() > 0


def test_of_promotions_at_once_the_next_finishes_what_a_killed_one_began_and_the_last_changes_nothing(
    first_life: str, project: Path, tmp_path: Path
) -> None:
    assert first_life
    state = Path(shutil.copytree(project / ".local", project / "at_once"))
    client = MlflowClient(f"sqlite:///{state / 'mlflow.db'}", f"sqlite:///{state / 'mlflow.db'}")
    (model,) = (model.name for model in client.search_registered_models() if model.name.startswith("dev."))
    client.delete_registered_model_alias(model, CHAMPION)
    (state / "run.log").unlink()
    words = ["run", "promotion", "--state", state.name, "--param", "model_version=1"]
    stalled, moves = tmp_path / "stalled", "    registry.set_alias(CHAMPION, version)\n"
    stalls = f"    open({str(stalled)!r}, 'x').close()\n    __import__('time').sleep(600)\n"
    with ExitStack() as processes:
        with changed(project / "machinery/src/mlops/promotion/champion.py", moves, stalls + moves):
            killed = processes.enter_context(started(project, *words))
            processes.callback(killed.kill)
            while not stalled.exists():
                assert killed.poll() is None, killed.communicate()
                time.sleep(0.01)
        others = [processes.enter_context(started(project, *words)) for _ in range(2)]
        for other in others:
            processes.callback(other.kill)
            assert other.stdout is not None
            assert any("waiting for another run of the job promotion" in line for line in other.stdout)
        assert CHAMPION not in client.get_registered_model(model).aliases
        killed.kill()
        for other in others:
            out, errors = other.communicate(timeout=300)
            assert other.returncode == 0, out + errors
    assert str(client.get_registered_model(model).aliases[CHAMPION]) == "1"
    tags = client.get_model_version(model, "1").tags
    assert tags["previous_champion"] == "none"
    assert tags["deployment_decision"].startswith("promote: challenger")
    told = (state / "run.log").read_text(encoding="utf-8")
    assert told.count("version 1 is now champion") == told.count("version 1 is already the champion") == 1
    runs = client.search_runs([one.experiment_id for one in client.search_experiments()])
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_a_misspelt_setting_gives_a_one_sentence_error_before_anything_runs(project: Path, local: Command) -> None:
    file = project / "src" / PACKAGE / "project.yml"
    with changed(file, "lookback_hours", "lookback_hour"):
        found = local("run", "lifecycle", "--state", "broken", expect=1)
    assert "unknown key 'lookups.0.lookback_hour': did you mean 'lookback_hours'?" in found.stderr
    assert found.stderr.count("\n") == 1
    assert "success" not in found.stdout


def test_a_task_that_crashes_stops_the_job_with_its_own_error(project: Path, local: Command) -> None:
    file = project / "src" / PACKAGE / "model.py"
    crash = (
        "    import mlflow\n    if mlflow.active_run():\n        raise RuntimeError('out of luck')\n    estimator = "
    )
    with changed(file, "    estimator = ", crash):
        found = local("run", "lifecycle", "--rows", "300", "--state", "crash", expect=1)
    assert found.stderr == "error: job training, task train: RuntimeError: out of luck.\n"
    assert "Traceback" in found.stdout
    assert re.search(r"deploy +│ upstream_failed", found.stdout)
    assert not re.search(r"│ batch_inference +│ success", found.stdout)


@contextmanager
def changed(file: Path, old: str, new: str) -> Iterator[None]:
    """Replace text in a file inside the `with` block."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")
