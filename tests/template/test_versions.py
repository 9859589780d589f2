"""A generated project works on each Python with the platform's package versions, the lowest and the newest allowed.

Each test creates an environment of its own and downloads packages: `make test-versions`.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bundle_tools.bundle.load import load
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


UV = (sys.executable, "-m", "uv")


def run(folder: Path, *command: str | Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    return done.stdout


def live(project: Path, python: str, *install: str | Path) -> None:
    """Install the project, and run the machinery's tests, the project's, its checks and its life."""
    own = project / ".venv/bin/python"
    run(project, *UV, "venv", "--quiet", "--seed", "--python", python, ".venv")
    what: tuple[str | Path, ...] = (*UV, "pip", "install", "--quiet", "--python", own, *install)
    run(project, *what, *TOOLS, "--editable", "./machinery[local,dev]", "--editable", ".")
    beside = ("--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile")
    run(ROOT, own, "-m", "pytest", "-q", *beside, *UNIT, "tests/machinery/parity/test_data_profiling.py")
    run(project, own, "-m", "pytest", "-q")
    run(project, own, "-m", "bundle_tools", "check")
    run(project, own, "-m", "bundle_tools", "run", "lifecycle")
    log = (project / ".local/run.log").read_text(encoding="utf-8")
    assert "is not explained" not in log


@pytest.mark.parametrize(
    ("compute", "chosen"),
    [("serverless", "platform"), ("job_cluster", "platform"), ("serverless", "lowest"), ("serverless", "newest")],
)
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_a_project_works(bake: Bake, tmp_path: Path, version: str, compute: str, chosen: str) -> None:
    found = interpreter(version)
    if found is None:
        pytest.skip(f"Python {version} is not installed")
    live(bake(compute=compute).copy_to(tmp_path).path, found, *CHOSEN[chosen])


def listed(project: Path) -> list[str]:
    """What the jobs install beside the wheel: the lines of their environment, or their libraries."""
    jobs = load(project, "prod", environ={}).jobs
    environment = [
        str(line) for line in jobs["training"].get("environments", [{}])[0].get("spec", {}).get("dependencies", [])
    ]
    libraries = [
        entry["pypi"]["package"] for entry in jobs["training"]["tasks"][0].get("libraries", []) if "pypi" in entry
    ]
    return [line for line in environment + libraries if not line.endswith(".whl")]


def jobs_have(project: Path, folder: Path) -> tuple[list[str], Path]:
    """Return these lines, and a file with the versions of the platform that they leave unchanged."""
    lines = listed(project)
    replaced = {line.partition("==")[0] for line in lines}
    platform = (project / "constraints.txt").read_text(encoding="utf-8").splitlines()
    unchanged = folder / "unchanged.txt"
    unchanged.write_text("\n".join(pin for pin in platform if pin.partition("==")[0] not in replaced), encoding="utf-8")
    return lines, unchanged


@pytest.mark.parametrize("compute", ["serverless", "job_cluster"])
def test_the_jobs_install_exactly_what_is_listed(bake: Bake, tmp_path: Path, compute: str) -> None:
    """The wheel and the lines are resolved together against the platform: nothing else is new, replaced or loose."""
    project = bake(compute=compute).path
    lines, unchanged = jobs_have(project, tmp_path)
    assert lines
    wheel = tomllib.loads((project / "machinery/pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    required = tmp_path / "required.txt"
    required.write_text("\n".join([*wheel, *lines]), encoding="utf-8")
    options = ("--python-version", "3.12", "--quiet", "--no-header", "--no-annotate", "--constraint", unchanged)
    resolved = run(tmp_path, *UV, "pip", "compile", *options, required).split()
    assert set(resolved) - set(unchanged.read_text(encoding="utf-8").split()) == set(lines)


@pytest.mark.parametrize("compute", ["serverless", "job_cluster"])
def test_a_project_works_with_exactly_what_the_jobs_install(bake: Bake, tmp_path: Path, compute: str) -> None:
    found = interpreter("3.12")
    if found is None:
        pytest.skip("Python 3.12 is not installed")
    project = bake(compute=compute).copy_to(tmp_path).path
    lines, unchanged = jobs_have(project, tmp_path)
    live(project, found, "--constraint", unchanged, *lines)
    for line in lines:
        name, _, version = line.partition("==")
        code = f"import importlib.metadata as m; print(m.version({name!r}))"
        assert run(project, project / ".venv/bin/python", "-c", code).strip() == version
