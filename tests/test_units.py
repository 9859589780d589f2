"""The unit tests of a generated project with the default answers, which take seconds."""

import os
import subprocess
import sys
from pathlib import Path

from conftest import UNIT, Bake


def test_the_unit_tests_of_a_generated_project_pass(bake: Bake, tmp_path: Path) -> None:
    project = bake().copy_to(tmp_path).path
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *UNIT]
    environment = os.environ | {"PYTHONPATH": str(project / "src")}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
