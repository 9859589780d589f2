"""Starting and stopping engines, which takes seconds."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bundle_tools.workspace.spark_engine import apache_spark
from mlops.errors import ProjectError

# Runs in a separate process, because the engine of the test session runs in this one.
TWICE = """
from bundle_tools.workspace import engine
for _ in range(2):
    with engine.start("sail", ["ml-dev", "samples"]) as spark:
        before = spark.catalog.databaseExists("`ml-dev`.s")
        spark.sql("CREATE SCHEMA `ml-dev`.s").collect()
        print(spark.conf.get("spark.sql.session.timeZone"), before)
"""


@pytest.mark.skipif(os.environ.get("ENGINE", "sail") != "sail", reason="pysail is not in Apache Spark's environment")
def test_sail_stops_cleanly_and_starts_again_without_its_schemas(tmp_path: Path) -> None:
    script = tmp_path / "twice.py"  # a file: under `python -c` pyspark-client starts its own doctests
    script.write_text(TWICE)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["UTC", "False"] * 2, "")


@pytest.mark.skipif(importlib.util.find_spec("py4j") is not None, reason="Apache Spark is installed and would start")
def test_a_failed_start_of_spark_is_one_sentence() -> None:
    with (
        pytest.raises(ProjectError, match=r"Apache Spark did not start; it needs Java 17") as caught,
        apache_spark(["dev"]),
    ):
        pass
    assert "\n" not in str(caught.value)
