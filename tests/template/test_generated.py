"""Runs generated projects for real: their own tests, their own linters and their full lifecycle."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from baking import Bake, Project

pytestmark = pytest.mark.slow

BROKEN = "broken on purpose"
FLIGHTS = Path(__file__).with_name("flights")
PARITY = Path(__file__).resolve().parents[1] / ".venv-parity"
TASKS = ("compute_features", "train", "validate", "change_champion", "explain", "deliver")
SAMPLE = Path(__file__).resolve().parents[2] / "shared" / "data" / "nyctaxi_trips_sample.parquet"
# The answers change these tests of the machinery, because its example predicts what the project's does; all others run
# once, on the project with flights.
OF_THE_EXAMPLE = [
    "tests/mlops/training",
    *(f"tests/integration/{room}" for room in ("tasks", "training", "validation")),
    *(f"--ignore=tests/integration/tasks/{name}.py" for name in ("test_serving", "test_rollout")),
]
# The SDK that the jobs install is newer than the platform's, which all other tests run with.
WITH_NEWEST_SDK = (
    "tests/parity/test_data_profiling.py tests/integration/platform/test_databricks.py "
    "tests/mlops/serving/test_endpoint.py tests/mlops/serving/test_route_optimized.py"
)
SIMULATIONS = [f"tests/{what}_simulation" for what in ("monitoring", "promotion", "rollout")]
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


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a generated project with the interpreter of these tests."""
    path = os.pathsep.join([str(project / "src"), str(project / "machinery" / "src")])
    environment = os.environ | {"PYTHONPATH": path, "COLUMNS": "160"}
    return subprocess.run(
        [sys.executable, *command], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def life(project: Project, *options: str) -> str:
    """Run the full lifecycle and return its output; a local endpoint is ended."""
    found = run(project.path, "-m", "bundle_tools", "run", "lifecycle", *options)
    assert found.returncode == 0, found.stdout + found.stderr
    if (project.path / ".local/serving").exists():
        ended = run(project.path, "-m", "bundle_tools", "serve-stop")
        assert ended.returncode == 0, ended.stderr
    return found.stdout


def champion_metrics(shown: str) -> dict[str, tuple[float, float]]:
    """The held-out metrics of the champion and of the naive baseline, by name."""
    rows = re.findall(r"│ (\w+) +│ (-?[\d.e-]+) +│ (-?[\d.e-]+) +│", shown)
    return {name: (float(champion), float(naive)) for name, champion, naive in rows}


@pytest.mark.parametrize(
    ("options", "selected"),
    [
        (VARIANTS[0], ["tests/integration/test_lifecycle.py"]),
        pytest.param(VARIANTS[0], ["tests/integration/test_faults.py"], marks=pytest.mark.mutation),
        (VARIANTS[0], ["tests/contract"]),
        (VARIANTS[0], SIMULATIONS),
        (VARIANTS[1], ["tests/project", "tests/contract", *OF_THE_EXAMPLE]),
        (VARIANTS[2], ["tests/project"]),
    ],
    ids=["lifecycle", "faults", "contract", "simulations", "classification", "other names"],
)
def test_the_tests_of_a_generated_project_pass(
    bake: Bake, tmp_path: Path, options: dict[str, str], selected: list[str]
) -> None:
    project = bake(**options).copy_to(tmp_path)
    found = run(project.path, "-m", "pytest", "-q", "-p", "no:cacheprovider", *selected)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("options", VARIANTS[:2], ids=["regression", "classification"])
def test_the_lifecycle_on_synthetic_trips_ends_with_a_champion(
    bake: Bake, tmp_path: Path, options: dict[str, str]
) -> None:
    project = bake(**options).copy_to(tmp_path)
    shown = life(project)
    for task in (*TASKS, "stream_inference" if "inference" in options else "batch_inference"):
        assert re.search(rf"│ {task} +│ success", shown)
    assert "version 1" in shown
    assert "rows scored: 10,000" in shown


@pytest.fixture
def flights(bake: Bake, tmp_path: Path) -> Project:
    """A project whose user has followed docs/make-it-yours.md: flights and weather take the place of the trips."""
    names = {"project_name": "flight-delays", "schema": "flights", "dev_catalog": "ml-dev", "cloud": "gcp"}
    project = bake(**names).copy_to(tmp_path)
    shutil.rmtree(project.path / "tests/project")
    shutil.copytree(FLIGHTS, project.path, dirs_exist_ok=True)
    bundle = project.path / "databricks.yml"
    text = re.sub("default: trips=.*", "default: flights=main.air.flights weather=main.air.weather", bundle.read_text())
    bundle.write_text(re.sub("default: .*fare.*", "default: late", text), encoding="utf-8")
    return project


# Writes the first rows of each source, and tables of other projects, to a folder.
WRITE = """
import sys
import pyarrow.csv, pyarrow.parquet
from flight_delays.synthetic import example_data
folder, flights, weather = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
tables = example_data(3000)
pyarrow.csv.write_csv(tables.pop("flights").slice(0, flights), f"{folder}/flights.csv")
tables["weather"] = tables["weather"].slice(0, weather)
for name, table in tables.items():
    pyarrow.parquet.write_table(table, f"{folder}/{name}.parquet")
"""

# Prints the rows of the feature tables.
SHOW = """
from pathlib import Path
from bundle_tools.workspace import engine
with engine.start("sail", ["dev"]) as spark:
    for name in ("carrier_delays", "airport_hours", "routes"):
        (folder,) = Path(".local/tables/ml-dev").glob(f"*/{name}")
        frame = spark.read.format("delta").load(str(folder.resolve())).toPandas()
        print(frame[sorted(frame)].sort_values(sorted(frame), ignore_index=True).round(9).to_csv())
"""


def python(project: Project, script: str, *arguments: object) -> str:
    """Run a script in the project and return its output."""
    found = run(project.path, "-c", script, *map(str, arguments))
    assert found.returncode == 0, found.stderr
    return found.stdout


def job(project: Project, key: str, *options: str) -> str:
    """Run a job and return its output."""
    found = run(project.path, "-m", "bundle_tools", "run", key, *options)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def test_another_problem_lives_on_example_data_and_on_files(flights: Project) -> None:
    for check in (["check"], ["format", "--check"]):
        found = run(flights.path, "-m", "ruff", *check, "src/flight_delays", "tests/project")
        assert found.returncode == 0, found.stdout
    example = life(flights, "--rows", "3000")
    assert "version 1" in example
    assert "rows scored: 3,000" in example
    assert champion_metrics(example)["roc_auc"][0] > 0.75

    files = flights.path / "files"
    files.mkdir()
    python(flights, WRITE, files, 2900, 8604)
    production = life(flights, "--source", "files", "--target", "prod")
    assert "2,900 rows of flights, 6 rows of shared.geo.airports, 8,604 rows of weather from files" in production
    assert "rows scored: 2,900" in production
    assert "11,504 rows, 2,900 predictions" in job(flights, "snapshot", "--target", "prod")
    assert re.search(r"compared: challenger log_loss .* champion version 1", job(flights, "compare"))


def test_new_rows_of_either_of_two_sources_are_computed_incrementally(flights: Project) -> None:
    files, log = flights.path / "files", flights.path / ".local/run.log"
    files.mkdir()
    found = []
    for rows in [(2800, 8500), (2900, 8500), (2900, 8604)]:
        python(flights, WRITE, files, *rows)
        job(flights, "features", "--source", "files")
        found.append(re.findall(r"feature table (\w+): computing (\w+)", log.read_text(encoding="utf-8"))[-3:])
    routes = ("routes", "all")
    assert found[0] == [("carrier_delays", "all"), ("airport_hours", "all"), routes]
    assert found[1] == found[2] == [("carrier_delays", "rows"), ("airport_hours", "rows"), routes]
    step_by_step = python(flights, SHOW)
    job(flights, "features", "--param", "since=all")
    assert python(flights, SHOW) == step_by_step


def test_the_tests_of_the_machinery_pass_for_another_problem(flights: Project) -> None:
    """All but what does not depend on the project, and tests that the default project above runs."""
    # Those in tests/parity need Apache Spark, which has an environment of its own: here they would all be skipped.
    folders = ("tests/mlops", "tests/bundle_tools/serving", "tests/parity", *SIMULATIONS)
    independent = [f"--ignore={folder}" for folder in folders]
    all_else = ["tests", *independent, "--ignore-glob=*/test_lifecycle.py", "--ignore-glob=*/test_faults.py"]
    found = run(flights.path, "-m", "pytest", "-q", "-p", "no:cacheprovider", *all_else)
    assert found.returncode == 0, found.stdout


@pytest.mark.skipif(not SAMPLE.exists(), reason="the sample of real trips is not on this machine")
@pytest.mark.parametrize("options", VARIANTS[:2], ids=["regression", "classification"])
def test_the_lifecycle_on_real_trips_beats_the_naive_baseline(
    bake: Bake, tmp_path: Path, options: dict[str, str]
) -> None:
    project = bake(**options).copy_to(tmp_path)
    metrics = champion_metrics(life(project, "--source", str(SAMPLE)))
    if options:
        assert metrics["roc_auc"][0] > 0.9 > metrics["roc_auc"][1]
    else:
        assert metrics["rmse"][0] < 0.5 * metrics["rmse"][1]
    explored = run(project.path, "-m", "bundle_tools", "notebook")
    assert explored.returncode == 0, explored.stderr
    page = (project.path / ".local" / "explore.html").read_text(encoding="utf-8")
    assert page.count("<img ") == 6
    assert "SUSPECT" not in page


@pytest.mark.parity
@pytest.mark.parametrize(
    ("client", "selected"),
    [
        ("newest", "tests/parity/test_twin.py"),
        ("newest", WITH_NEWEST_SDK),
        # This one uses Delta tables, whose jars come from Maven Central.
        pytest.param("newest", "tests/parity/test_life.py", marks=pytest.mark.thorough),
        # These use Delta tables, PostgreSQL and Kafka, whose jars come from Maven Central too.
        pytest.param("newest", "tests/parity/test_streaming.py", marks=pytest.mark.thorough),
        pytest.param("newest", "tests/parity/test_jdbc.py", marks=pytest.mark.thorough),
        pytest.param("newest", "tests/parity/test_kafka.py", marks=pytest.mark.thorough),
        pytest.param("oldest", "tests/parity/test_twin.py", marks=pytest.mark.thorough),
        pytest.param("newest", "tests/parity/test_vendor.py", marks=pytest.mark.thorough),
        pytest.param("oldest", "tests/parity/test_vendor.py", marks=pytest.mark.thorough),
        pytest.param("oldest", "tests/parity/test_life.py", marks=pytest.mark.thorough),
    ],
)
def test_the_machinery_agrees_with_the_databricks_clients(
    bake: Bake, tmp_path: Path, client: str, selected: str
) -> None:
    if not (PARITY / ".ready").exists():
        pytest.skip("there is no .venv-parity, because Java 17 is missing: install it, then run make test again")
    project = bake(**VARIANTS[0]).copy_to(tmp_path)
    oldest = {"PYTHONPATH": str(PARITY / "oldest")}
    found = subprocess.run(
        [PARITY / "bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *selected.split()],
        cwd=project.path,
        env=os.environ | (oldest if client == "oldest" else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-20_000:]
    assert "passed" in found.stdout or "cannot be had" in found.stdout


def test_a_generated_project_passes_the_type_checker(bake: Bake, tmp_path: Path) -> None:
    """With the packages of both examples."""
    project = bake().copy_to(tmp_path)
    shutil.copytree(FLIGHTS / "src", project.path / "src", dirs_exist_ok=True)
    found = run(project.path, "-m", "mypy", "--no-incremental", "--cache-dir", os.devnull)
    assert found.returncode == 0, found.stdout


def modules() -> list[str]:
    """The modules of the generated project, relative to `src`, except those with only imports and a docstring."""
    source = Path(__file__).resolve().parents[1] / "<<cookiecutter.project_name>>/src"
    found = {path.relative_to(source).as_posix(): ast.parse(path.read_text("utf-8")) for path in source.rglob("*.py")}
    return sorted(name for name, tree in found.items() if not all(map(without_effect, tree.body)))


def without_effect(node: ast.stmt) -> bool:
    """Return whether a statement is an import, a docstring or `__all__`."""
    imports_or_docs = isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)
    return imports_or_docs or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")


@pytest.mark.mutation
@pytest.mark.parametrize("module", modules())
def test_breaking_a_module_makes_the_projects_tests_fail(bake: Bake, tmp_path: Path, module: str) -> None:
    """Each function of the module raises when it is called; the module can still be imported."""
    project = bake(approval="manual").copy_to(tmp_path)  # this answer uses every module
    file = project.path / "src" / module.replace("<<cookiecutter.__package>>", project.package)
    file.write_text(broken(file.read_text("utf-8")), encoding="utf-8")
    said = ""
    for tests in noticing(project, Path(module)):
        found = run(project.path, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests)
        said += found.stdout + found.stderr
        # 1: a test fails; 2 and 4: test modules or conftest.py cannot even be imported, because of the broken module.
        because_of_it = BROKEN in said or "ImportError: cannot import name" in said
        if found.returncode == 1 or (found.returncode in {2, 4} and because_of_it):
            return
    pytest.fail(f"no test notices that {module} is broken:\n{said}")


def noticing(project: Project, module: Path) -> list[list[str]]:
    """The tests that should find a broken module, closest first: those that mirror it, then its import root's."""
    root, *rooms = module.parent.parts
    if root not in {"bundle_tools", "mlops"}:
        return [["tests/project"], ["tests/contract"]]
    folders = [f"tests/{root}", "tests/integration"]
    mirrors = [f"{folder}/{'/'.join([*rooms, f'test_{module.stem}.py'])}" for folder in folders]
    own_room = [f"{folder}/{'/'.join(rooms)}" for folder in folders] if rooms else []
    nearest = [[path for path in paths if (project.path / path).exists()] for paths in (mirrors, own_room)]
    return [*filter(None, nearest), *[[folder] for folder in folders], SIMULATIONS]


def broken(source: str) -> str:
    """Make every function raise; a module without functions loses its values instead."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for node in functions:
        node.body = ast.parse(f"raise RuntimeError('{BROKEN}')").body
    if not functions:
        tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return ast.unparse(tree)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("resources/training.job.yml", "task_key: validate", "task_key: check"),
        ("resources/training.job.yml", "task_key: train\n", "task_key: fit\n"),
        ("resources/training.job.yml", "values.model_version", "values.version"),
        ("resources/promotion.job.yml", "entry_point: change_champion", "entry_point: deploy"),
        ("pyproject.toml", 'change_champion = "', 'deploy = "'),
        ("resources/batch_inference.job.yml", "predictions_table:", "output_table:"),
    ],
)
def test_a_renamed_part_of_the_bundle_makes_the_projects_unit_tests_fail(
    bake: Bake, tmp_path: Path, file: str, old: str, new: str
) -> None:
    project = bake().copy_to(tmp_path)
    text = project.read(file)
    assert old in text
    (project.path / file).write_text(text.replace(old, new), encoding="utf-8")
    found = run(project.path, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/bundle_tools/run")
    assert found.returncode == 1, found.stdout
