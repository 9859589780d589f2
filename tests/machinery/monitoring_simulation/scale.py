"""Time and peak memory of the local profiler: `python -m monitoring_simulation.scale 1 4 16 [--engine spark]`."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bundle_tools.workspace import engine
from mlops.profiling.base import ProfileSpec
from mlops.tables import Tables
from mlops_local.profiling.profiles import LocalProfiler

NUMBERS, TEXTS = 16, 2  # and prediction and label: 20 columns
WEEKS = 8
CHUNK = 1_000_000
FIRST = 1_451_865_600_000_000  # a Monday


def write(file: Path, rows: int) -> None:
    """Write rows of eight weeks."""
    random = np.random.default_rng(rows)
    writer = None
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        at = FIRST + random.integers(0, WEEKS * 7 * 86_400_000_000, count)
        columns = {f"n{number}": random.normal(size=count) for number in range(NUMBERS)}
        columns |= {f"t{number}": random.choice(["a", "b", "c", "d"], count) for number in range(TEXTS)}
        columns |= {"prediction": random.normal(size=count), "label": random.normal(size=count)}
        table = pa.table(
            columns
            | {
                "key": np.arange(start, start + count).astype(str),
                "at": pa.array(at).cast(pa.timestamp("us", tz="UTC")),
                "version": ["1"] * count,
            }
        )
        writer = writer or pq.ParquetWriter(file, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def measure(name: str, rows: int, folder: Path) -> dict[str, float]:
    """Return the seconds of a refresh, and the peak memory of this process and its workers in GB."""
    write(folder / "log.parquet", rows)
    write(folder / "baseline.parquet", 100_000)
    with engine.start(name, ["dev"]) as spark:
        spark.sql("CREATE SCHEMA IF NOT EXISTS dev.s").collect()
        tables = Tables(spark, locate=lambda table: str(folder / table), version_of=lambda _: "0")
        for table in ("log", "baseline"):
            tables.overwrite(f"dev.s.{table}", spark.read.parquet(str(folder / f"{table}.parquet")))
        columns = [f"n{number}" for number in range(NUMBERS)] + [f"t{number}" for number in range(TEXTS)]
        spec = ProfileSpec(
            table="dev.s.log",
            reference="dev.s.baseline",
            problem_type="regression",
            key="key",
            timestamp="at",
            prediction="prediction",
            probabilities=None,
            label="label",
            model_version="version",
            columns=(*columns, "prediction", "label"),
            granularities=("1 week",),
        )
        begun = time.perf_counter()
        LocalProfiler(tables).refresh(spec)
        seconds = time.perf_counter() - begun
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {"rows": rows, "seconds": seconds, "gigabytes": peak / 1024**2}


def main() -> None:
    """Measure each size in a process of its own, and print the exponent of the time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("millions", nargs="+", type=float)
    parser.add_argument("--engine", default="sail")
    parser.add_argument("--alone", action="store_true", help="measure one size in this process")
    options = parser.parse_args()
    if options.alone:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(options.engine, int(options.millions[0] * 1e6), Path(folder))))  # noqa: T201 - output of a command line
        return
    found = []
    for size in options.millions:
        words = [sys.executable, "-m", "monitoring_simulation.scale", str(size), "--engine", options.engine, "--alone"]
        done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
        print("{rows:>12,.0f} rows {seconds:8.1f} s {gigabytes:6.1f} GB".format(**found[-1]), flush=True)  # noqa: T201 - likewise
    if len(found) > 1:
        slope = np.polyfit(*(np.log([one[name] for one in found]) for name in ("rows", "seconds")), 1)[0]
        print(f"time grows with rows to the power of {slope:.2f}")  # noqa: T201 - likewise


if __name__ == "__main__":
    main()
