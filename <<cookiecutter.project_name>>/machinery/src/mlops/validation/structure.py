"""Checks of completeness: can the version be loaded, is it documented, and does it record where it comes from?"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from ..loading import as_declared, model_folder
from ..platform.child_process import isolated_environment
from ..registry import NO_COMMIT
from ..run_files import RunFiles
from .check import Check
from .evidence import Evidence

_SECONDS = 300

# Runs in a separate process on the downloaded model, without a Spark session, a registry or credentials.
_CONSUMER = """
import gc, os, sys
gc.disable()  # the process is too short for garbage to matter
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from packaging.requirements import Requirement
folder, rows, own = sys.argv[1:]
def installed(name):
    try:
        return version(name)
    except PackageNotFoundError:
        # Databricks installs mlflow-skinny: the same code without the tracking server.
        return installed("mlflow-skinny") if name == "mlflow" else ""
wrong = []
for line in Path(folder, "requirements.txt").read_text(encoding="utf-8").splitlines():
    if not line.strip() or line.startswith(("#", "-")):
        continue
    wanted = Requirement(line)
    found = installed(wanted.name)
    if not found or not wanted.specifier.contains(found, prereleases=True):
        wrong.append(f"{line}, but {found or 'nothing'} is installed")
if wrong:
    sys.exit("the model requires " + "; ".join(wrong))
class OnlyFromTheModel:
    def find_spec(self, name, path=None, target=None):
        package = name.partition(".")[0]
        if package in own.split(",") and not Path(folder, "code", package).exists():
            raise ModuleNotFoundError(f"the model needs {name}, but neither contains nor requires it")
sys.meta_path.insert(0, OnlyFromTheModel())
import mlflow.pyfunc, pandas
model = mlflow.pyfunc.load_model(folder)
predicted = model.predict(pandas.read_parquet(rows))
if len(predicted) == 0:
    sys.exit("the model returns no predictions")
os._exit(0)  # without the teardown of native libraries, which may abort and says nothing about the model
"""


def signature(evidence: Evidence) -> Iterator[Check]:
    """The signature has the configured features as inputs, and an output."""
    actual = evidence.model.metadata.signature
    if actual is None or actual.inputs is None or actual.outputs is None:
        yield Check("signature", passed=False, reason="the signature lacks inputs or outputs")
        return
    names, wanted = actual.inputs.input_names(), list(evidence.settings.features)
    missing = sorted(set(wanted) ^ set(names))
    verdict = f"differs from the configured features in {', '.join(missing)}" if missing else "names the features"
    yield Check("signature", not missing, f"the signature {verdict}", float(len(names)), f"{len(wanted)} inputs")


def input_example(evidence: Evidence) -> Iterator[Check]:
    """The version has an input example and can predict it."""
    example = evidence.model.input_example
    if not isinstance(example, pd.DataFrame) or example.empty:
        yield Check("input example", passed=False, reason="the model has no input example with rows")
        return
    predicted = evidence.predict(example)
    passed = predicted.shape == evidence.settings.measures.shape(len(example))
    reason = f"the input example of {len(example)} rows gives {len(predicted)} predictions"
    yield Check("input example", passed, reason, float(len(example)))


def metadata(evidence: Evidence) -> Iterator[Check]:
    """The version has a description, and its required tags have values."""
    has_text = bool((evidence.version.description or "").strip())
    yield Check("description", has_text, f"the version has {'a' if has_text else 'no'} description")
    for tag in evidence.settings.validation.required_tags:
        value = evidence.version.tags.get(tag, "").strip()
        if value == NO_COMMIT:
            yield Check(f"tag {tag}", passed=True, reason=f"the code of the version is {NO_COMMIT}", skipped=True)
            continue
        yield Check(f"tag {tag}", bool(value), f"the version's tag {tag} is {value or 'missing'}", bound="not empty")


def documentation(evidence: Evidence) -> Iterator[Check]:
    """The run contains the required documentation."""
    wanted = evidence.settings.validation.documentation
    there = wanted in RunFiles.of_id(str(evidence.version.run_id)).paths(wanted.rpartition("/")[0])
    yield Check("documentation", there, f"the run has {'' if there else 'no '}{wanted}", bound=wanted)


def fresh_process(evidence: Evidence) -> Iterator[Check]:
    """The version loads and predicts in a new process with its declared requirements and without your code."""
    with tempfile.TemporaryDirectory() as folder:
        local = str(shutil.copytree(model_folder(evidence.model_uri), Path(folder) / "model"))
        rows = Path(folder) / "rows.parquet"
        as_declared(evidence.features.head(5), evidence.model.metadata.signature).to_parquet(rows)
        done = subprocess.run(  # noqa: S603 - our own interpreter and script
            [sys.executable, "-c", _CONSUMER, local, str(rows), ",".join(evidence.packages)],
            cwd=folder,
            env=isolated_environment(folder),
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    lines = done.stderr.strip().splitlines() or ["it exited without an error message"]
    reason = "it loads and predicts in a fresh process with its requirements" if done.returncode == 0 else lines[-1]
    yield Check("fresh process", done.returncode == 0, reason)
