"""A generated project works on each Python with the platform's package versions, the lowest and the newest allowed.

Each test creates an environment of its own and downloads packages: `make test-versions`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from test_mutation import UNIT

from baking import ROOT, Bake

pytestmark = [pytest.mark.slow, pytest.mark.versions]

# What the tests of the machinery need beside the development tools of a project.
TOOLS = [
    line.partition("#")[0].strip()
    for line in (ROOT / "requirements-test.txt").read_text(encoding="utf-8").splitlines()
    if line.startswith(("cookiecutter", "hypothesis", "pytest-xdist"))
]
CHOSEN = {
    "platform": ["--constraint", "constraints.txt"],
    "lowest": ["--resolution", "lowest-direct"],
    "newest": [],
}


def interpreter(version: str) -> str | None:
    """Find a Python of this version on the path or among those of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    on_path = shutil.which(f"python{version}")
    for candidate in [*([on_path] if on_path else []), *map(str, pyenv.glob(f"versions/{version}.*/bin/python"))]:
        if subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return candidate
    return None


@pytest.mark.parametrize(
    ("compute", "chosen"),
    [("serverless", "platform"), ("job_cluster", "platform"), ("serverless", "lowest"), ("serverless", "newest")],
)
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_a_project_works(bake: Bake, tmp_path: Path, version: str, compute: str, chosen: str) -> None:
    found = interpreter(version)
    if found is None:
        pytest.skip(f"Python {version} is not installed")
    project = bake(compute=compute).copy_to(tmp_path).path
    python = project / ".venv/bin/python"

    def run(folder: Path, *command: str | Path) -> None:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]

    uv = (sys.executable, "-m", "uv")
    run(project, *uv, "venv", "--quiet", "--seed", "--python", found, ".venv")
    install: tuple[str | Path, ...] = (*uv, "pip", "install", "--quiet", "--python", python, *CHOSEN[chosen])
    run(project, *install, *TOOLS, "--editable", "./machinery[local,dev]", "--editable", ".")
    beside = ("--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile")
    run(ROOT, python, "-m", "pytest", "-q", *beside, *UNIT, "tests/machinery/parity/test_data_profiling.py")
    run(project, python, "-m", "pytest", "-q")
    run(project, python, "-m", "bundle_tools", "check")
    run(project, python, "-m", "bundle_tools", "run", "lifecycle")
    log = (project / ".local/run.log").read_text(encoding="utf-8")
    assert "is not explained" not in log
