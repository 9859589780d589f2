"""A generated project, for the tests that read a whole bundle; all others run without one."""

from __future__ import annotations

import atexit
import json
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).resolve().parents[2]


@cache
def generated_project(**answers: object) -> Path:
    """Generate a project with these answers and the defaults, once a process, and make its package importable.

    It must not be changed; it is removed when the process ends.
    """
    folder = Path(tempfile.mkdtemp(prefix="generated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    config = folder / "config.yaml"
    config.write_text(json.dumps({name: str(folder / name) for name in ("cookiecutters_dir", "replay_dir")}))
    project = Path(
        cookiecutter(
            str(TEMPLATE),
            no_input=True,
            extra_context=answers,
            output_dir=str(folder / "projects"),
            config_file=str(config),
        )
    )
    sys.path.append(str(project / "src"))
    return project
