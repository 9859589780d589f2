"""Measures what users wait for, each as a ratio to a baseline from the same run: `make bench`."""

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
import sys, time, numpy as np, pandas as pd, pyarrow as pa
from pyspark.sql import functions as F
from bundle_tools.bundle.load import load as load_bundle
from bundle_tools.workspace import engine
from bundle_tools.workspace.workspace import Workspace, model_name
from mlops.platform.local import LocalPlatform
from mlops.registry import Registry, load, uri
from {package}.entry_points import PROJECT
from pathlib import Path
workspace = Workspace(Path(".local")); workspace.open_mlflow()
loaded = load_bundle(Path.cwd()); name = model_name(loaded, "model")
model = uri(name, str(Registry(name).champion().version))
features = list(PROJECT.config.features)
frame = pd.DataFrame(np.random.default_rng(0).uniform(0, 10, ({rows}, len(features))), columns=features)
start = time.perf_counter(); load(model).predict(frame); bare = time.perf_counter() - start
with engine.start("sail", workspace.catalogs(loaded)) as spark:
    store = LocalPlatform(spark, workspace.tables).feature_store("dev.s", {{}})
    rows = spark.createDataFrame(pa.Table.from_pandas(frame))
    start = time.perf_counter()
    store.score_batch(model, rows, "double").agg(F.sum("prediction")).collect()
    print(time.perf_counter() - start, bare)
"""

# Rows of the spine and of each of three feature tables, a hundred thousand keys, two years of days.
JOIN = """
import time
from bundle_tools.workspace import engine
from mlops.config.features import FeatureSet, FeatureTable, Lookup
from mlops.feature_store.local import LocalFeatureStore
from mlops.platform.local import LocalPlatform
from pathlib import Path
from pyspark.sql import functions as F
import tempfile
names = ("one", "two", "three")
with engine.start("sail", ["dev"]) as spark, tempfile.TemporaryDirectory() as folder:
    spark.sql("CREATE SCHEMA dev.s").collect()
    tables = LocalPlatform(spark, Path(folder)).tables
    time_of = F.timestamp_micros((F.col("id") * 7919 % 730) * 86_400_000_000)
    for name in names:
        keys = (F.col("id") % 100_000).alias("k")
        rows = spark.range(1_000_000).select(keys, time_of.alias("t"), F.rand(1).alias(name))
        tables.overwrite("dev.s." + name, rows.dropDuplicates(["k", "t"]))
    declared = dict.fromkeys(names, FeatureTable(keys=("k",), event_time="t"))
    store = LocalFeatureStore(tables, "dev.s", declared, Path(folder))
    lookups = tuple(Lookup(table=name, keys=("k",), features=(name,), lookback_hours=2400) for name in names)
    for millions in (1, 4, 16):
        spine = spark.range(millions * 1_000_000).select(
            (F.hash("id") % 100_000).cast("bigint").alias("k"), time_of.alias("time"), F.lit(0.0).alias("label")
        )
        start = time.perf_counter()
        rows = store.training_set(spine, FeatureSet(event_time="time", inputs=(), lookups=lookups), {{}}, "label").rows
        rows.agg(*[F.sum(name) for name in names]).collect()
        print(millions, time.perf_counter() - start)
"""


def seconds(*command: str, cwd: Path, repeat: int = 1) -> float:
    """Return the shortest time of several runs of a command."""
    environment = os.environ | {"PYTHONPATH": "src"}
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def output(folder: Path, *command: str) -> str:
    """Run Python in a project and return what it printed."""
    environment = os.environ | {"PYTHONPATH": "src"}
    found = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return found.stdout


def show(what: str, measured: float, against: str, baseline: float) -> None:
    """Print one line of the report."""
    print(f"{what:<46} {measured:7.2f} s  {measured / baseline:6.2f} x {against} ({baseline:.2f} s)")  # noqa: T201


def generation(folder: Path) -> Path:
    """Compare generation with Cookiecutter on a template of one file, and return the generated project."""
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
    """Run each measurement and print one line for it."""
    with tempfile.TemporaryDirectory() as name:
        project = generation(Path(name))
        package = "nyc_taxi"
        imports = seconds(sys.executable, "-c", IMPORTS, cwd=project, repeat=3)
        life = (sys.executable, "-m", "bundle_tools.run", "run", "lifecycle")
        show("full lifecycle, first", seconds(*life, cwd=project), "importing the packages", imports)
        show("full lifecycle, again", seconds(*life, cwd=project), "importing the packages", imports)
        if len(sys.argv) > 1:
            source = str(Path(sys.argv[1]).resolve())
            show(
                f"full lifecycle, {Path(source).name}",
                seconds(*life, "--source", source, cwd=project),
                "imports",
                imports,
            )
        unit = [f"tests/{root}" for root in ("project", "mlops", "bundle_tools")]
        tests = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *unit)
        show("unit tests", seconds(*tests, cwd=project), "importing the packages", imports)
        # A file, because under `python -c` the Connect client assumes that it runs its own doctests, and exits.
        script = project / "score.py"
        script.write_text(SCORING.format(package=package, rows=1_000_000), encoding="utf-8")
        scored, bare = (float(value) for value in output(project, str(script)).split()[-2:])
        show("score 1,000,000 rows on the local engine", scored, "the bare model", bare)
        lines = [line.split() for line in output(project, "-c", JOIN).splitlines()]
        joins = {int(line[0]): float(line[1]) for line in lines if line and line[0].isdigit()}
        for millions, taken in joins.items():
            show(f"look {millions} million rows up in three tables", taken, "a million", joins[1])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{'peak memory of a process':<46} {peak:7.0f} MB")  # noqa: T201


if __name__ == "__main__":
    main()
