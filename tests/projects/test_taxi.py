"""The project as it is generated, for both problem types: its tests, its checks and its whole life."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from lives import champion_metrics, life, mlops, run

from baking import ROOT, Bake

pytestmark = pytest.mark.slow

TASKS = ("compute_features", "train", "validate", "change_champion", "explain", "deliver")
SAMPLE = ROOT.parent / "shared" / "data" / "nyctaxi_trips_sample.parquet"
VARIANTS: list[dict[str, Any]] = [
    {},
    {
        "problem_type": "classification",
        "compute": "job_cluster",
        "cloud": "aws",
        "approval": "manual",
        "inference": "streaming",
        "serving": True,
    },
    {"project_name": "churn", "schema": "churn", "dev_catalog": "ml-dev", "cloud": "gcp"},
]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(VARIANTS[0], id="regression"),
        pytest.param(VARIANTS[1], id="classification", marks=pytest.mark.thorough),
        pytest.param(VARIANTS[2], id="other names", marks=pytest.mark.thorough),
    ],
)
def test_the_tests_and_the_checks_of_a_new_project_pass(bake: Bake, tmp_path: Path, options: dict[str, str]) -> None:
    project = bake(**options).copy_to(tmp_path)
    tests = run(project.path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--cov", "--cov-report=term")
    assert tests.returncode == 0, tests.stdout
    mlops(project.path, "check")


@pytest.mark.parametrize(
    "options",
    [
        # test_index.py lives the same life without the folder of the machinery.
        pytest.param(VARIANTS[0], id="regression", marks=pytest.mark.thorough),
        pytest.param(VARIANTS[1], id="classification"),
    ],
)
def test_the_lifecycle_on_synthetic_trips_ends_with_a_champion(
    bake: Bake, tmp_path: Path, options: dict[str, str]
) -> None:
    project = bake(**options).copy_to(tmp_path)
    shown = life(project)
    for task in (*TASKS, "stream_inference" if "inference" in options else "batch_inference"):
        assert re.search(rf"│ {task} +│ success", shown)
    assert "version 1" in shown
    assert "rows scored: 10,000" in shown


@pytest.mark.skipif(not SAMPLE.exists(), reason="the sample of real trips is not on this machine")
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(VARIANTS[0], id="regression"),
        pytest.param(VARIANTS[1], id="classification", marks=pytest.mark.thorough),
    ],
)
def test_the_lifecycle_on_real_trips_beats_the_naive_baseline(
    bake: Bake, tmp_path: Path, options: dict[str, str]
) -> None:
    project = bake(**options).copy_to(tmp_path)
    metrics = champion_metrics(life(project, "--source", str(SAMPLE)))
    if options:
        assert metrics["roc_auc"][0] > 0.9 > metrics["roc_auc"][1]
    else:
        assert metrics["rmse"][0] < 0.5 * metrics["rmse"][1]
    mlops(project.path, "notebook")
    page = (project.path / ".local" / "explore.html").read_text(encoding="utf-8")
    assert page.count("<img ") == 6
    assert "SUSPECT" not in page


@pytest.mark.thorough
def test_a_new_project_passes_the_type_checker(bake: Bake, tmp_path: Path) -> None:
    """With the packages of both examples; the machinery is checked by `make lint`."""
    project = bake().copy_to(tmp_path)
    shutil.copytree(Path(__file__).with_name("flights") / "src", project.path / "src", dirs_exist_ok=True)
    done = run(project.path, "-m", "mypy", "--no-incremental", "--cache-dir", os.devnull)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("resources/training.job.yml", "task_key: validate", "task_key: check"),
        ("resources/training.job.yml", "task_key: train\n", "task_key: fit\n"),
        ("resources/training.job.yml", "values.model_version", "values.version"),
        ("resources/promotion.job.yml", "entry_point: change_champion", "entry_point: deploy"),
        ("resources/batch_inference.job.yml", "predictions_table:", "output_table:"),
    ],
)
def test_a_renamed_part_of_the_bundle_is_found_by_its_checks(
    bake: Bake, tmp_path: Path, file: str, old: str, new: str
) -> None:
    project = bake().copy_to(tmp_path)
    text = project.read(file)
    assert old in text
    (project.path / file).write_text(text.replace(old, new), encoding="utf-8")
    done = run(project.path, "-m", "bundle_tools", "check")
    assert done.returncode == 1, done.stdout
