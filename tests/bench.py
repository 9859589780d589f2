"""Measures what users wait for, each as a ratio to a baseline of the same run: `make bench`."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMPORTS = "import mlflow, mlflow.sklearn, optuna, pandas, pyarrow, pyspark.sql, sklearn.ensemble"
SCORING = """
import sys, time, mlflow.pyfunc, numpy as np, pandas as pd, pyarrow as pa
from pyspark.sql import functions as F
from {package} import config
from {package}.local import bundle, engine
from {package}.local.workspace import Workspace, model_name
from {package}.platform.local import LocalPlatform
from {package}.registry import Registry, uri
from pathlib import Path
workspace = Workspace(Path(".local")); workspace.open_mlflow()
loaded = bundle.load(Path.cwd()); name = model_name(loaded, "model")
model = uri(name, str(Registry(name).champion().version))
features = list(config.load().features)
frame = pd.DataFrame(np.random.default_rng(0).uniform(0, 10, ({rows}, len(features))), columns=features)
start = time.perf_counter(); mlflow.pyfunc.load_model(model).predict(frame); bare = time.perf_counter() - start
with engine.start("sail", workspace.catalogs(loaded)) as spark:
    store = LocalPlatform(spark, workspace.tables).feature_store("dev.s")
    rows = spark.createDataFrame(pa.Table.from_pandas(frame))
    start = time.perf_counter()
    store.score_batch(model, rows, features, "double").agg(F.sum("prediction")).collect()
    print(time.perf_counter() - start, bare)
"""


def seconds(*command: str, cwd: Path, repeat: int = 1) -> float:
    """The shortest of some runs of a command."""
    environment = os.environ | {"PYTHONPATH": "src"}
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def show(what: str, measured: float, against: str, baseline: float) -> None:
    """Print one line of the report."""
    print(f"{what:<46} {measured:7.2f} s  {measured / baseline:6.2f} x {against} ({baseline:.2f} s)")  # noqa: T201


def generation(folder: Path) -> Path:
    """Measure generation beside bare cookiecutter on a template of one file; return the generated project."""
    one = folder / "bare" / "{{cookiecutter.name}}"
    one.mkdir(parents=True)
    (one / "README.md").write_text("# {{ cookiecutter.name }}\n", encoding="utf-8")
    (folder / "bare" / "cookiecutter.json").write_text(json.dumps({"name": "project"}), encoding="utf-8")
    cookiecutter = str(Path(sys.executable).with_name("cookiecutter"))
    generate = (cookiecutter, "--no-input", "--overwrite-if-exists", "-o", str(folder))
    bare = seconds(*generate, str(folder / "bare"), cwd=folder, repeat=5)
    show("generate a project", seconds(*generate, str(ROOT), cwd=folder, repeat=5), "bare cookiecutter", bare)
    return folder / "nyc-taxi"


def main() -> None:
    """Measure and print a line each."""
    with tempfile.TemporaryDirectory() as name:
        project = generation(Path(name))
        package = "nyc_taxi"
        imports = seconds(sys.executable, "-c", IMPORTS, cwd=project, repeat=3)
        life = (sys.executable, "-m", f"{package}.local", "run", "lifecycle")
        show("whole life, first", seconds(*life, cwd=project), "importing the packages", imports)
        show("whole life, again", seconds(*life, cwd=project), "importing the packages", imports)
        if len(sys.argv) > 1:
            source = str(Path(sys.argv[1]).resolve())
            show(
                f"whole life, {Path(source).name}", seconds(*life, "--source", source, cwd=project), "imports", imports
            )
        tests = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit")
        show("unit tests", seconds(*tests, cwd=project), "importing the packages", imports)
        # A file: given to `python -c`, the Connect client takes itself for its own doctests and exits.
        script = project / "score.py"
        script.write_text(SCORING.format(package=package, rows=1_000_000), encoding="utf-8")
        found = subprocess.run(
            [sys.executable, str(script)],
            cwd=project,
            env=os.environ | {"PYTHONPATH": "src"},
            check=True,
            capture_output=True,
            text=True,
        )
        scored, bare = (float(value) for value in found.stdout.split()[-2:])
        show("score 1,000,000 rows on the local engine", scored, "the bare model", bare)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{'peak memory of a process':<46} {peak:7.0f} MB")  # noqa: T201


if __name__ == "__main__":
    main()
