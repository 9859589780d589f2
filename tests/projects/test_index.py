"""A company publishes the machinery on its own index, under its own name; its projects then have no such folder."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from baking import Bake

pytestmark = pytest.mark.slow


def publish(machinery: Path, name: str, index: Path) -> None:
    """Build the machinery under another name into a folder of packages."""
    file = machinery / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r'(?m)^name = ".*"$', f'name = "{name}"', text), encoding="utf-8")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(index)]
    subprocess.run(command, cwd=machinery, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("job", "shown"),
    [
        ("features", "compute_features"),
        pytest.param("lifecycle", "rows scored: 10,000", marks=pytest.mark.thorough),
    ],
)
def test_a_project_without_the_folder_is_set_up_checked_run_and_built(
    bake: Bake, tmp_path: Path, job: str, shown: str
) -> None:
    project = bake().copy_to(tmp_path).path
    index = tmp_path / "index"
    shutil.move(project / "machinery", tmp_path / "machinery")
    publish(tmp_path / "machinery", "acme-mlops", index)
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    assert 'machinery = "machinery"' in text
    pyproject.write_text(text.replace('machinery = "machinery"', 'machinery = "acme-mlops==1.0.0"'), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"UV_FIND_LINKS": str(index), "PIP_FIND_LINKS": str(index), "COLUMNS": "160"}

    def make(*words: str) -> str:
        command = ["make", *words, f"PYTHON={sys.executable}"]
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    make("setup")
    python = project / ".venv/bin/python"
    where = "import mlops; print(mlops.version(), mlops.__file__)"
    said = subprocess.run([python, "-c", where], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"1.0.0 {project}/.venv/lib/")
    assert "acme-mlops 1.0.0" in make("check")
    assert shown in make("run", f"JOB={job}")
    subprocess.run(
        [python, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"], cwd=project, check=True, capture_output=True
    )
    (wheel,) = (project / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = archive.namelist()
        (metadata,) = [archive.read(name).decode() for name in held if name.endswith("/METADATA")]
    assert {"nyc_taxi/model.py", "nyc_taxi/mlops/tasks/train.py", "nyc_taxi/mlops/VERSION"} <= set(held)
    assert "Requires-Dist: mlflow-skinny" in metadata
    assert "acme-mlops" not in metadata, "a cluster cannot install from the company's index"
