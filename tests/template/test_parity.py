"""Runs the tests that compare with Databricks' own clients, on Apache Spark, in an environment of their own."""

import os
import subprocess

import pytest

from baking import ROOT

PARITY = ROOT / ".venv-parity"
# The SDK that the jobs install is newer than the platform's, which all other tests run with.
WITH_NEWEST_SDK = (
    "tests/machinery/parity/test_data_profiling.py tests/machinery/integration/platform/test_databricks.py "
    "tests/machinery/serving/test_endpoint.py tests/machinery/serving/test_route_optimized.py"
)


@pytest.mark.slow
@pytest.mark.parity
@pytest.mark.parametrize(
    ("client", "selected"),
    [
        ("newest", "tests/machinery/parity/test_twin.py"),
        ("newest", WITH_NEWEST_SDK),
        # This one uses Delta tables, whose jars come from Maven Central.
        pytest.param("newest", "tests/machinery/parity/test_life.py", marks=pytest.mark.thorough),
        # These use Delta tables, PostgreSQL and Kafka, whose jars come from Maven Central too.
        pytest.param("newest", "tests/machinery/parity/test_streaming.py", marks=pytest.mark.thorough),
        pytest.param("newest", "tests/machinery/parity/test_jdbc.py", marks=pytest.mark.thorough),
        pytest.param("newest", "tests/machinery/parity/test_kafka.py", marks=pytest.mark.thorough),
        pytest.param("oldest", "tests/machinery/parity/test_twin.py", marks=pytest.mark.thorough),
        pytest.param("newest", "tests/machinery/parity/test_vendor.py", marks=pytest.mark.thorough),
        pytest.param("oldest", "tests/machinery/parity/test_vendor.py", marks=pytest.mark.thorough),
        pytest.param("oldest", "tests/machinery/parity/test_life.py", marks=pytest.mark.thorough),
    ],
)
def test_the_machinery_agrees_with_the_databricks_clients(client: str, selected: str) -> None:
    if not (PARITY / ".ready").exists():
        pytest.skip("there is no .venv-parity, because Java 17 is missing: install it, then run make test again")
    oldest = {"PYTHONPATH": str(PARITY / "oldest")}
    found = subprocess.run(
        [PARITY / "bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *selected.split()],
        cwd=ROOT,
        env=os.environ | (oldest if client == "oldest" else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-20_000:]
    assert "passed" in found.stdout or "cannot be had" in found.stdout
