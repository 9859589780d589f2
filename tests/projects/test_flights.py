"""Another problem, written as docs/make-it-yours.md says: late flights, from two sources and a foreign table."""

import re
import shutil
from pathlib import Path

import pytest
from lives import champion_metrics, life, mlops, run

from baking import Bake, Project

pytestmark = pytest.mark.slow

FLIGHTS = Path(__file__).with_name("flights")


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
    return mlops(project.path, "run", key, *options)


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


@pytest.mark.thorough
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


def test_the_tests_and_the_checks_of_another_problem_pass(flights: Project) -> None:
    tests = run(flights.path, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert tests.returncode == 0, tests.stdout
    mlops(flights.path, "check")
