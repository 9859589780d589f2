"""What is pickled, packaged or sent as text runs where only the platform's packages and the wheel are installed.

The environment has the wheel of a generated project with its requirements, in the versions that the platform brings
(constraints.txt), and nothing of the developers': neither the sources nor the stand-ins, pytest or the full MLflow.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from mlops.machinery_version import version as machinery_version
from mlops.validation import structure
from mlops_local.platform import LocalPlatform

from generated import generated_project
from running import new_schema

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

# Spark Connect's client has the package that the platform's own pyspark has, in the version of the runtimes.
SPARK = "pyspark-client>=4.0,<4.1"

# The task: pickles a stream's sinks and a function for Spark's workers, writes the functions that become those of Unity
# Catalog, and packages a model that it has trained.
DRIVER = """
import json, sys
from pathlib import Path
import cloudpickle, mlflow, pandas as pd
from nyc_taxi.entry_points import PROJECT
from nyc_taxi.mlops.features.uc_function import define
from nyc_taxi.mlops.inference.checkpoint import Checkpoint
from nyc_taxi.mlops.inference.stream import MicroBatches
from nyc_taxi.mlops.platform.databricks import DatabricksPlatform
from nyc_taxi.mlops.platform.structured_streaming import InItsProcess
from nyc_taxi.mlops.preflight.rehearsal import example_rows
from nyc_taxi.mlops.probe.workers import BatchSink, describe_process
from nyc_taxi.mlops.training import search
from nyc_taxi.mlops.training.fitting import fit
from nyc_taxi.mlops.training.model_code import collect_code
folder, table = Path(sys.argv[1]), sys.argv[2]
def in_its_process(sink):
    return cloudpickle.dumps(InItsProcess(sink, DatabricksPlatform, "databricks", "databricks-uc"))
checkpoint = Checkpoint("0123", "dev.s.trips", {"tip": "int"})
batches = MicroBatches(PROJECT, checkpoint, "trips", "trips=dev.s.trips", "dev.s", "dev.s.m", "dev.s.p", "dev.s.q")
(folder / "batches").write_bytes(in_its_process(batches))
(folder / "sink").write_bytes(in_its_process(BatchSink(table)))
(folder / "rows").write_bytes(cloudpickle.dumps(describe_process))
functions = [define(function) for function in PROJECT.functions.values()]
(folder / "functions.json").write_text(json.dumps([[list(dict(each.parameters)), each.body] for each in functions]))
rows = example_rows(PROJECT, dict.fromkeys(PROJECT.config.features, "number"))
estimator = fit(PROJECT, {"train": rows, "validation": rows}, search.corners(PROJECT.config.search)[0])
features = rows[list(PROJECT.config.features)]
features.head(5).to_parquet(folder / "features.parquet")
with collect_code(estimator, PROJECT.packages) as code:
    mlflow.sklearn.save_model(
        estimator, folder / "model", serialization_format="cloudpickle", pip_requirements=code.requirements,
        code_paths=code.paths or None, pyfunc_predict_fn=PROJECT.predict_method,
        signature=mlflow.models.infer_signature(features, estimator.predict(features)),
    )
"""

# Another process, which got the pickled bytes: Spark's worker, or the process of a stream's batches.
WORKER = """
import json, pickle, sys
from pathlib import Path
import pandas as pd
from pyspark.sql import SparkSession
folder, address, table, location = Path(sys.argv[1]), *sys.argv[2:]
rows = pickle.loads((folder / "rows").read_bytes())
(described,) = rows(iter([pd.DataFrame({"id": [1, 2]})]))
batches = pickle.loads((folder / "batches").read_bytes())
session = SparkSession.builder.remote(address).getOrCreate()
# The local engine's catalogs belong to a session.
session.sql(f"CREATE SCHEMA IF NOT EXISTS {table.rpartition('.')[0]}").collect()
session.sql(f"CREATE TABLE {table} USING delta LOCATION '{location}'").collect()
pickle.loads((folder / "sink").read_bytes())(session.range(3), 0)
said = {"described": described["machinery"].tolist(), "checkpoint": batches.sink.checkpoint.run(7),
        "modules": sorted({name.partition(".")[0] for name in sys.modules}), "path": sys.path}
(folder / "said.json").write_text(json.dumps(said))
session.stop()
"""


class Environment:
    """An interpreter, and how to run a script with it."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.python = python
        self.folder = folder

    def run(self, script: str, *words: str) -> None:
        file = self.folder / "script.py"  # a file: under `python -c` pyspark-client starts its own doctests
        file.write_text(script, encoding="utf-8")
        # -I: no variable of the developer's and no current folder; the environment is all that it sees.
        command = [str(self.python), "-I", str(file), *words]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("platform")
    project = generated_project()
    python = folder / "env" / "bin" / "python"
    uv = [sys.executable, "-m", "uv"]
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=project, check=True, capture_output=True)
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(folder / "env")], check=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    pins = ["--constraint", str(project / "constraints.txt")]
    install = [*uv, "pip", "install", "--quiet", "--python", str(python), *pins, str(wheel), SPARK]
    subprocess.run(install, check=True, env={**os.environ, "UV_NO_CONFIG": "1"})
    return Environment(python, folder)


@pytest.fixture(scope="module")
def made(environment: Environment, platform: LocalPlatform) -> tuple[Path, str]:
    """The folder of what the task made, and the table that its sink appends to."""
    table = f"{new_schema(platform.spark)}.batches"
    platform.tables.overwrite(table, platform.spark.createDataFrame([], "machinery string, process bigint"))
    environment.run(DRIVER, str(environment.folder), table)
    return environment.folder, table


def test_the_environment_has_the_platforms_versions_and_nothing_of_the_developers(environment: Environment) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "list", "--quiet", "--format", "json", "--python", str(environment.python)],
        check=True,
        capture_output=True,
        text=True,
    )
    installed = {one["name"]: one["version"] for one in json.loads(listed.stdout)}
    lines = (generated_project() / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line)
    assert {name: found for name, found in installed.items() if pins.get(name, found) != found} == {}
    assert not {"mlflow", "pytest", "pysail", "mlops-template-machinery", "mypy"} & installed.keys()


def test_the_wheel_knows_the_platforms_versions_and_the_probe_finds_them(environment: Environment) -> None:
    environment.run(
        "from nyc_taxi.entry_points import PROJECT\n"
        "from nyc_taxi.mlops.probe import packages\n"
        "said = packages.compare(packages.pins(PROJECT), [])\n"
        "assert said.endswith('replaced: none'), said\n"
    )


def test_sinks_and_functions_that_are_pickled_run_in_another_interpreter(
    environment: Environment, made: tuple[Path, str], platform: LocalPlatform
) -> None:
    folder, table = made
    address = platform.spark.client._builder.endpoint  # noqa: SLF001 - nothing public tells it
    location = platform.folder.joinpath(*table.split("."))
    environment.run(WORKER, str(folder), f"sc://{address}", table, str(location))
    said: dict[str, Any] = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    assert said["described"] == [machinery_version()] * 2
    assert said["checkpoint"] == "0123-7"
    assert not {"mlops", "mlops_local", "bundle_tools", "example"} & set(said["modules"])
    assert all(str(folder) in entry or "site-packages" not in entry for entry in said["path"])
    rows = platform.tables.read(table).collect()
    assert [row["machinery"] for row in rows] == [machinery_version()] * 3
    assert os.getpid() not in {row["process"] for row in rows}


def test_the_packaged_model_predicts_with_its_requirements_alone(
    environment: Environment, made: tuple[Path, str]
) -> None:
    folder, _ = made
    consumer = structure._CONSUMER  # noqa: SLF001 - what validation runs
    environment.run(consumer, str(folder / "model"), str(folder / "features.parquet"), "nyc_taxi,mlops")


def test_a_model_that_requires_what_the_platform_lacks_fails_loudly(
    environment: Environment, made: tuple[Path, str]
) -> None:
    folder, _ = made
    file = folder / "model" / "requirements.txt"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}\npytest=={version('pytest')}\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"the model requires pytest==.*, but nothing is installed"):
        environment.run(structure._CONSUMER, str(folder / "model"), str(folder / "features.parquet"), "nyc_taxi")  # noqa: SLF001
    file.write_text(text, encoding="utf-8")


def test_functions_of_unity_catalog_run_without_the_modules_around_them(
    environment: Environment, made: tuple[Path, str]
) -> None:
    folder, _ = made
    functions: list[tuple[list[str], str]] = json.loads((folder / "functions.json").read_text(encoding="utf-8"))
    assert functions
    for names, body in functions:
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        nulls = ", ".join("None" for _ in names)  # a null is passed as None, and the example's functions return None
        environment.run(f"def called({', '.join(names)}):\n{lines}\nassert called({nulls}) is None\n")
