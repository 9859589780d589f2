"""Runs commands and whole lives in generated projects."""

import os
import re
import subprocess
import sys
from pathlib import Path

from baking import Project


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a generated project with the interpreter of these tests."""
    environment = os.environ | {"PYTHONPATH": f"{project / 'src'}:{project / 'machinery/src'}", "COLUMNS": "160"}
    return subprocess.run(
        [sys.executable, *command], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def mlops(project: Path, *words: str) -> str:
    """Run the project's command line, which must succeed, and return its output."""
    done = run(project, "-m", "bundle_tools", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def life(project: Project, *options: str) -> str:
    """Run the full lifecycle, which leaves only its state; return its output. A local endpoint is ended."""
    before = {path.name for path in project.path.iterdir()}
    shown = mlops(project.path, "run", "lifecycle", *options)
    left = {path.name for path in project.path.iterdir()} - before - {".local"}
    assert not left, left
    if (project.path / ".local/serving").exists():
        mlops(project.path, "serve-stop")
    return shown


def champion_metrics(shown: str) -> dict[str, tuple[float, float]]:
    """The held-out metrics of the champion and of the naive baseline, by name."""
    rows = re.findall(r"│ (\w+) +│ (-?[\d.e-]+) +│ (-?[\d.e-]+) +│", shown)
    return {name: (float(champion), float(naive)) for name, champion, naive in rows}
