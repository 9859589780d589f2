"""The unit tests of a generated project with the default answers."""

import os
import subprocess
import sys
from pathlib import Path

from baking import UNIT, Bake


def test_the_unit_tests_of_a_generated_project_pass(bake: Bake, tmp_path: Path) -> None:
    project = bake().copy_to(tmp_path).path
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile", *UNIT]
    environment = os.environ | {"PYTHONPATH": str(project / "src")}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_unit_tests_of_the_machinery_do_not_depend_on_the_project(bake: Bake) -> None:
    """So they need not be run again for another problem: they read neither its files nor its bundle."""
    project = bake()
    reads = ("parents[", "parent.parent", project.package, "ROOT_FILE", "getcwd", "Path()")
    found = {
        path: word
        for path, text in project.texts().items()
        if path.startswith("tests/mlops/") and path.endswith(".py")
        for word in reads
        if word in text
    }
    assert found == {}
