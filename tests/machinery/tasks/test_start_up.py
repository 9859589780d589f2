"""A task imports nothing that it does not need: each second of imports is paid by every run of every task."""

import os
import subprocess
import sys
from pathlib import Path

import mlops
from mlops.tasks import ENTRY_POINTS

# Seconds each; whoever needs one imports it where it is used.
SLOW = ("IPython", "databricks.feature_engineering", "great_expectations", "lightgbm", "matplotlib", "numba", "shap")
STARTED = """
import importlib, sys
for name in sys.argv[2:]:
    importlib.import_module(f"mlops.tasks.{name}")
print([name for name in sys.argv[1].split(",") if name in sys.modules])
"""


def test_no_task_starts_with_a_slow_import() -> None:
    command = [sys.executable, "-c", STARTED, ",".join(SLOW), *ENTRY_POINTS]
    here = os.environ | {"PYTHONPATH": str(Path(mlops.__file__).parents[1])}
    done = subprocess.run(command, env=here, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
