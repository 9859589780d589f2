"""Measures what users wait for, each as a ratio to a baseline from the same run: `make bench`.

The figures are printed and written to docs/benchmarks.md, next to those of the run before. A measure that fails is
reported at the end and does not stop the others.
"""

import argparse
import contextlib
import datetime as dt
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which

ROOT = Path(__file__).resolve().parents[2]
UNIT = (
    "tests/machinery",
    "--ignore=tests/machinery/integration",
    "--ignore=tests/machinery/parity",
    "--ignore-glob=*_simulation",
)
DOCUMENT = ROOT / "docs" / "benchmarks.md"
PACKAGE = "nyc_taxi"

# Scripts are written to files: under `python -c` the Spark Connect client starts its own doctests and exits.
IMPORTS = "import mlflow, mlflow.sklearn, optuna, pandas, pyarrow, pyspark.sql, sklearn.ensemble\n"
SCORING = """
import time, numpy as np, pandas as pd, pyarrow as pa
from pyspark.sql import functions as F
from bundle_tools.bundle.load import load as load_bundle
from bundle_tools.workspace import engine
from bundle_tools.workspace.workspace import Workspace, model_name
from mlops_local.platform import LocalPlatform
from mlops.loading import load
from mlops.registry import Registry, uri
from {package}.entry_points import PROJECT
from pathlib import Path
workspace = Workspace(Path(".local")); workspace.open_mlflow()
loaded = load_bundle(Path.cwd()); name = model_name(loaded, "model")
model = uri(name, str(Registry(name).champion().version))
features = list(PROJECT.config.features)
frame = pd.DataFrame(np.random.default_rng(0).uniform(0, 10, ({rows}, len(features))), columns=features)
frame["pickup_borough"] = "Queens"
start = time.perf_counter(); load(model).predict(frame); bare = time.perf_counter() - start
with engine.start("sail", workspace.catalogs(loaded)) as spark:
    store = LocalPlatform(spark, workspace.tables).feature_store("dev.s", {{}})
    rows = spark.createDataFrame(pa.Table.from_pandas(frame))
    start = time.perf_counter()
    store.score_batch(model, rows, "double").agg(F.sum("prediction")).collect()
    print("measured", time.perf_counter() - start, bare)
"""
# The whole batch job on a source with inputs only, then a daily run that finds 10,000 more rows.
INFERENCE = """
import logging, resource, tempfile, time
from dataclasses import replace
from pathlib import Path
import mlflow, numpy as np, pandas as pd
from mlflow.models import infer_signature
from pyspark.sql import functions as F
from sklearn.ensemble import HistGradientBoostingRegressor
from bundle_tools.workspace import engine
from bundle_tools.workspace.workspace import Workspace
from mlops.config.inference import Inference, NewRows
from mlops.config.source import Source
from mlops_local.platform import LocalPlatform
from mlops.registry import CHAMPION, Registry
from mlops.tasks import batch_inference
from {package}.entry_points import PROJECT
rows, features = {rows}, {features}
late = min(10_000, rows // 100)  # the same for every size, so that daily runs can be compared
names = ["x%d" % number for number in range(features)]
config = PROJECT.config.model_copy(update=dict(
    problem_type="regression", label="x0", feature_tables={{}}, lookups=(), functions=(),
    sources=dict(s=Source.model_validate(dict(
        columns=dict(id="bigint", at="timestamp", **dict.fromkeys(names, "double")), keys=["id"], rules=[]))),
    spine=PROJECT.config.spine.model_copy(update=dict(key="id", event_time="at", inputs=tuple(names), sources=())),
    inference=Inference(new_rows=NewRows(source_time="at", late_hours=0)),
))
project = replace(PROJECT, config=config, spine=lambda source: source)
random = np.random.default_rng(0)
block = pd.DataFrame(random.uniform(0, 10, (min(rows, 1_000_000), features)), columns=names)
model = HistGradientBoostingRegressor(max_iter=100).fit(block.head(10_000), block["x0"].head(10_000))
start = time.perf_counter(); model.predict(block); bare = (time.perf_counter() - start) * rows / len(block)
with tempfile.TemporaryDirectory() as folder, engine.start("{engine}", ["dev"]) as spark:
    Workspace(Path(folder)).open_mlflow()
    platform = LocalPlatform(spark, Path(folder) / "tables")
    spark.sql("CREATE SCHEMA dev.s").collect()
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("bench", Path(folder).joinpath("files").as_uri()))
    time_of = F.timestamp_micros(F.lit(1_600_000_000_000_000) + F.col("id") * 1_000_000).alias("at")
    def source(first, last):
        values = [((F.col("id") * (7 + number)) % 1000 / 100.0).alias(name) for number, name in enumerate(names)]
        return spark.range(first, last).select("id", time_of, *values)
    platform.tables.append("dev.s.source", source(0, rows))
    store = platform.feature_store("dev.s", {{}})
    built = store.training_set(source(0, 5), config.feature_set, {{}}, "x0")
    example = source(0, 5).toPandas()
    with mlflow.start_run():
        logged = store.log_model(
            model, built, example, signature=infer_signature(example[names], model.predict(example[names])),
            pyfunc_predict_fn="predict", serialization_format="cloudpickle", pip_requirements=["scikit-learn"])
    registry = Registry("dev.s.m"); registry.set_alias(CHAMPION, registry.register(logged, {}))
    def job(run):
        start = time.perf_counter()
        done = batch_inference.run(batch_inference.Parameters(
            source_tables="s=dev.s.source", schema_name="dev.s", model_name="dev.s.m",
            predictions_table="dev.s.p", quarantine_table="dev.s.q", scoring_run=run), project, platform)
        return time.perf_counter() - start, done.rows_scored
    taken, scored = job("first")
    assert scored == rows, scored
    platform.tables.append("dev.s.source", source(rows, rows + late))
    daily, scored = job("second")
    assert scored == late, scored
    print("measured", taken, bare, daily, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
# Each of three feature tables has {features} rows for a hundred thousand keys over two years of days.
JOIN = """
import tempfile, time
from bundle_tools.workspace import engine
from mlops.config.features import FeatureSet, FeatureTable, Lookup
from mlops_local.feature_store.feature_store import LocalFeatureStore
from mlops_local.platform import LocalPlatform
from pathlib import Path
from pyspark.sql import functions as F
names = ("one", "two", "three")
with engine.start("sail", ["dev"]) as spark, tempfile.TemporaryDirectory() as folder:
    spark.sql("CREATE SCHEMA dev.s").collect()
    tables = LocalPlatform(spark, Path(folder)).tables
    time_of = F.timestamp_micros((F.col("id") * 7919 % 730) * 86_400_000_000)
    for name in names:
        keys = (F.col("id") % 100_000).alias("k")
        rows = spark.range({features}).select(keys, time_of.alias("t"), F.rand(1).alias(name))
        tables.overwrite("dev.s." + name, rows.dropDuplicates(["k", "t"]))
    declared = dict.fromkeys(names, FeatureTable(keys=("k",), event_time="t"))
    store = LocalFeatureStore(tables, "dev.s", declared, Path(folder))
    lookups = tuple(Lookup(table=name, keys=("k",), features=(name,), lookback_hours=2400) for name in names)
    for rows in {rows}:
        spine = spark.range(rows).select(
            (F.hash("id") % 100_000).cast("bigint").alias("k"), time_of.alias("time"), F.lit(0.0).alias("label")
        )
        start = time.perf_counter()
        found = store.training_set(spine, FeatureSet(event_time="time", inputs=(), lookups=lookups), {{}}, "label").rows
        found.agg(*[F.sum(name) for name in names]).collect()
        print("measured", rows, time.perf_counter() - start)
"""
# The champion behind the local endpoint, asked from keys alone over one connection and by several callers at once.
SERVING = """
import json, subprocess, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np, urllib3
from databricks.sdk.service.serving import EndpointCoreConfigInput, ServedEntityInput
from bundle_tools.bundle.load import load as load_bundle
from bundle_tools.serving import running
from bundle_tools.serving.local_gateway import LocalGateway
from bundle_tools.workspace import engine
from bundle_tools.workspace.workspace import Workspace, model_name, own_schema
from mlops_local.platform import LocalPlatform
from mlops.loading import load
from mlops.registry import Registry, uri
from mlops.serving.query import as_split
from {package}.entry_points import PROJECT
workspace = Workspace(Path(".local").resolve()); workspace.open_mlflow()
loaded = load_bundle(Path.cwd()); name = model_name(loaded, "model"); config = PROJECT.config
version = str(Registry(name).champion().version)
with engine.start("sail", workspace.catalogs(loaded)) as spark:
    workspace.register_tables(spark)
    platform = LocalPlatform(spark, workspace.tables)
    store = platform.feature_store(own_schema(loaded), config.feature_tables)
    for table in config.own_tables:
        store.publish_table(table, "bench", "CU_1")
    rows = platform.tables.read(own_schema(loaded) + ".training_rows").limit(100).toPandas()
bare, gateway = load(uri(name, version)), LocalGateway.of(workspace)
def took(ask):
    start = time.perf_counter(); ask(); return time.perf_counter() - start
def percentiles(ask):
    return np.percentile([took(ask) for _ in range({requests})], (50, 99))
try:
    client = gateway.client()
    entity = ServedEntityInput(entity_name=name, entity_version=version, name="v" + version)
    core = EndpointCoreConfigInput(name="bench", served_entities=[entity])
    client.serving_endpoints.create_and_wait("bench", config=core)
    headers = {{"Content-Type": "application/json", **client.config.authenticate()}}
    pool = urllib3.PoolManager(maxsize=64, headers=headers)
    def ask(count):
        body = json.dumps({{"dataframe_split": as_split(rows[list(config.request)].head(count))}})
        def call():
            answer = pool.request("POST", client.config.host + "/serving-endpoints/bench/invocations", body=body)
            assert answer.status == 200, answer.data
        return call
    for count in (1, 100):
        features = rows[list(config.features)].head(count)
        for _ in range(20):
            ask(count)(); bare.predict(features)
        for served, alone in zip(percentiles(ask(count)), percentiles(lambda: bare.predict(features))):
            print("measured", served, alone)
    for callers in (1, 8, 32):
        with ThreadPoolExecutor(callers) as threads:
            call = ask(1)
            print("measured", took(lambda: list(threads.map(lambda _: call(), range({requests})))), callers)
    found = running.find(workspace.serving)
    told = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
    ours = [(int(pid), int(rss)) for pid, parent, rss in map(str.split, told.splitlines()) if int(parent) == found.pid]
    gateway_rss = next(int(line.split()[2]) for line in told.splitlines() if int(line.split()[0]) == found.pid)
    print("measured", gateway_rss / 1024, sum(rss for _, rss in ours) / 1024)
finally:
    running.stop(workspace.serving)
"""


@dataclass(frozen=True)
class Size:
    """How much is measured: `make bench` measures what users have, the tests only whether each measure works."""

    repeat: int
    trips: int
    unit_tests: tuple[str, ...]
    scored: int
    features: int
    looked_up: tuple[int, ...]
    inferred: Mapping[str, tuple[tuple[int, int], ...]]  # rows and features, by engine
    requests: int  # to the local endpoint


FULL = Size(
    5,
    10_000,
    UNIT,
    1_000_000,
    1_000_000,
    (10**6, 4 * 10**6, 16 * 10**6),
    {
        "sail": ((10**6, 10), (4 * 10**6, 10), (16 * 10**6, 10), (10**6, 50), (4 * 10**6, 50), (16 * 10**6, 50)),
        "spark": ((10**6, 10), (4 * 10**6, 10), (16 * 10**6, 10), (10**6, 50), (4 * 10**6, 50), (16 * 10**6, 50)),
    },
    500,
)
SMALL = Size(
    1, 1_000, ("tests/machinery/statistics/test_codes.py",), 1_000, 1_000, (1_000, 2_000), {"sail": ((2_000, 10),)}, 20
)
SPARK = ROOT / ".venv-parity" / "bin" / "python"  # Apache Spark has an environment of its own, and needs Java


@dataclass(frozen=True)
class Figure:
    """A measured time and its baseline, both in seconds."""

    what: str
    seconds: float
    against: str
    baseline: float

    def line(self) -> str:
        """Return the line of the report."""
        ratio = self.seconds / self.baseline
        return f"{self.what:<46} {shown(self.seconds):>9}  {ratio:6.2f} x {self.against} ({shown(self.baseline)})"


def shown(seconds: float) -> str:
    """Return a time with its unit."""
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1000:.1f} ms"


@dataclass(frozen=True)
class Bench:
    """The measures, which run one after the other on a project that the first of them generates.

    Attributes:
        folder: Where the project is generated.
        size: How much is measured.
        source: A file with trips for one more lifecycle, or None.
    """

    folder: Path
    size: Size
    source: Path | None

    @property
    def project(self) -> Path:
        """The generated project."""
        return self.folder / "nyc-taxi"

    def seconds(self, *command: str, cwd: Path | None = None, repeat: int = 1) -> float:
        """Return the shortest time of some runs of a command."""
        times = []
        for _ in range(repeat):
            start = time.perf_counter()
            self._run(*command, cwd=cwd or self.project)
            times.append(time.perf_counter() - start)
        return min(times)

    def measured(self, script: str, python: str = sys.executable) -> list[list[float]]:
        """Run a script in the project and return the numbers of the lines that it marked."""
        file = self.project / "measure.py"
        file.write_text(script, encoding="utf-8")
        lines = self._run(python, str(file), cwd=self.project).splitlines()
        return [[float(word) for word in line.split()[1:]] for line in lines if line.startswith("measured ")]

    @staticmethod
    def _run(*command: str, cwd: Path) -> str:
        environment = os.environ | {"PYTHONPATH": "src:machinery/src"}
        done = subprocess.run(command, cwd=cwd, env=environment, check=False, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
            raise RuntimeError(f"{Path(command[0]).name} {' '.join(command[1:4])} failed ({done.returncode}): {last}")
        return done.stdout

    def imports(self) -> float:
        """Return the time that Python takes to import the packages that a project uses."""
        script = self.project / "imports.py"
        script.write_text(IMPORTS, encoding="utf-8")
        return self.seconds(sys.executable, str(script), repeat=min(3, self.size.repeat))

    def generation(self) -> Iterator[Figure]:
        """Generating a project, against plain Cookiecutter with a template of as many files, of one line each."""
        cookiecutter = str(Path(sys.executable).with_name("cookiecutter"))
        command = (cookiecutter, "--no-input", "--overwrite-if-exists", "-o", str(self.folder))
        repeat = self.size.repeat
        taken = self.seconds(*command, str(ROOT), cwd=self.folder, repeat=repeat)
        plain = self.folder / "plain"
        for file in (path for path in list(self.project.rglob("*")) if path.is_file()):
            copy = plain / "{{cookiecutter.name}}" / file.relative_to(self.project)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text("# {{ cookiecutter.name }}\n", encoding="utf-8")
        (plain / "cookiecutter.json").write_text(json.dumps({"name": "project"}), encoding="utf-8")
        baseline = self.seconds(*command, str(plain), cwd=self.folder, repeat=repeat)
        yield Figure("generate a project", taken, "plain Cookiecutter on as many files", baseline)

    def lifecycle(self) -> Iterator[Figure]:
        """The full lifecycle on a new and on an existing local workspace, and on a file."""
        command = (sys.executable, "-m", "bundle_tools", "run", "--rows", str(self.size.trips))
        imports = self.imports()
        yield Figure("full lifecycle, first", self.seconds(*command), "importing the packages", imports)
        yield Figure("full lifecycle, again", self.seconds(*command), "importing the packages", imports)
        if self.source:
            taken = self.seconds(*command[:-2], "--source", str(self.source))
            yield Figure(f"full lifecycle, {self.source.name}", taken, "importing the packages", imports)

    def tests(self) -> Iterator[Figure]:
        """What `make test` of a project does before a life; and the unit tests of the machinery, in place."""
        pytest = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
        beside = ("--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile")
        imports = self.imports()
        own = self.seconds(*pytest, "tests/project")
        yield Figure("the user's own tests", own, "importing the packages", imports)
        checks = self.seconds(sys.executable, "-m", "bundle_tools", "check")
        yield Figure("the checks of a project", checks, "importing the packages", imports)
        taken = self.seconds(*pytest, *beside, *self.size.unit_tests, cwd=ROOT)
        yield Figure("unit tests of the machinery", taken, "importing the packages", imports)

    def scoring(self) -> Iterator[Figure]:
        """Scoring rows with the champion on the local engine, against the model alone."""
        [[scored, bare]] = self.measured(SCORING.format(package=PACKAGE, rows=self.size.scored))
        yield Figure(f"score {self.size.scored:,} rows on the local engine", scored, "the model alone", bare)

    def lookups(self) -> Iterator[Figure]:
        """Point-in-time lookups in three feature tables, against the smallest of them."""
        found = self.measured(JOIN.format(features=self.size.features, rows=self.size.looked_up))
        smallest, baseline = found[0]
        for rows, taken in found:
            yield Figure(f"look {rows:,.0f} rows up in three tables", taken, f"{smallest:,.0f} rows", baseline)

    def inference(self) -> Iterator[Figure]:
        """The whole batch job, and a daily run after it, against the model alone on the same rows in memory."""
        pythons = {"sail": sys.executable, "spark": str(SPARK)}
        there = [engine for engine in self.size.inferred if engine != "spark" or (SPARK.exists() and which("java"))]
        for engine in there:
            daily_runs = []
            for rows, features in self.size.inferred[engine]:
                script = INFERENCE.format(package=PACKAGE, rows=rows, features=features, engine=engine)
                [[taken, bare, daily, peak]] = self.measured(script, pythons[engine])
                what = f"batch inference, {engine}, {rows:,} rows x {features}"
                yield Figure(f"{what} ({rows / taken:,.0f} rows/s, {peak:,.0f} MB)", taken, "the model alone", bare)
                daily_runs.append(daily)
                yield Figure(
                    f"daily run, {engine}, after {rows:,} rows x {features}", daily, "the first", daily_runs[0]
                )

    def serving(self) -> Iterator[Figure]:
        """Requests to the local endpoint from keys alone, against the model in memory with the features at hand."""
        requests = self.size.requests
        found = self.measured(SERVING.format(package=PACKAGE, requests=requests))
        latencies, rates, [[gateway, servers]] = found[:4], found[4:7], found[7:]
        whats = ("1 row, p50", "1 row, p99", "100 rows, p50", "100 rows, p99")
        for what, (served, alone) in zip(whats, latencies, strict=True):
            memory = f" (gateway {gateway:,.0f} MB, scoring server {servers:,.0f} MB)" if what == whats[0] else ""
            yield Figure(f"local endpoint, {what}{memory}", served, "the model alone", alone)
        for taken, callers in rates:
            what = f"local endpoint, {requests} requests, {callers:.0f} callers ({requests / taken:,.0f} requests/s)"
            yield Figure(what, taken, "1 caller", rates[0][0])

    def run(self) -> tuple[list[Figure], list[str]]:
        """Run every measure; return the figures, and one sentence for each measure that failed."""
        figures, failures = [], []
        life = (self.generation, self.lifecycle, self.tests)
        for measure in (*life, self.scoring, self.inference, self.lookups, self.serving):
            try:
                for figure in measure():
                    figures.append(figure)
                    print(figure.line(), flush=True)  # noqa: T201
            except Exception as error:  # noqa: BLE001 - the other measures go on
                failures.append(f"{measure.__name__}: {error}")
        return figures, failures


def machine() -> str:
    """Describe the machine in one line."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        names = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
        model = names[1] if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {os.cpu_count()} cores ({model}), {memory:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}, load {load:.1f} at the start"
    )


def _measure(what: str) -> str:
    """Return the name of a measure without its own figures, which differ from run to run."""
    return what.partition(" (")[0]


def document(figures: list[Figure], peak: float, where: str, before: str) -> str:
    """Return the text of docs/benchmarks.md: the figures of this run next to those of the run before.

    Args:
        figures: The figures of this run.
        peak: The peak memory of a process, in MB.
        where: The machine of this run.
        before: The document as the run before left it, or "".
    """
    earlier = {_measure(what): told for what, told in re.findall(r"^\| (.+?) \| (.+?) \|", before, re.MULTILINE)}
    machine_before = re.search(r"^- this run: (.+)$", before, re.MULTILINE)
    rows = [(one.what, f"{shown(one.seconds)} = {one.seconds / one.baseline:.2f} x {one.against}") for one in figures]
    rows.append(("peak memory of a process", f"{peak:.0f} MB"))
    lines = [f"| {what} | {told} | {earlier.get(_measure(what), '')} |" for what, told in rows]
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "What users wait for, measured by `make bench`. Compare the ratios: the seconds depend on the machine.",
            "",
            f"- this run: {where}",
            f"- run before: {machine_before[1] if machine_before else 'none'}",
            "",
            "| measure | this run | run before |",
            "|---|---|---|",
            *lines,
            "",
        ]
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the measures, print a line for each, and write the document; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", type=lambda path: Path(path).resolve(), help="a file with trips")
    parser.add_argument("--small", action="store_true", help="only check that every measure works, in a minute")
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="where to write the figures")
    options = parser.parse_args(arguments)
    where = machine()
    with tempfile.TemporaryDirectory() as folder:
        figures, failures = Bench(Path(folder), SMALL if options.small else FULL, options.source).run()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{'peak memory of a process':<46} {peak:7.0f} MB")  # noqa: T201
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)  # noqa: T201
    if not failures:
        before = options.document.read_text(encoding="utf-8") if options.document.exists() else ""
        options.document.write_text(document(figures, peak, where, before), encoding="utf-8")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
