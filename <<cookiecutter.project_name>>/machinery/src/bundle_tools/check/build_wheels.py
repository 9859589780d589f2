"""Builds wheels in copies of the project, as a deployment does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mlops.errors import ProjectError

from ..bundle.bundle_files import ROOT_FILE

_LEFT_OUT = shutil.ignore_patterns(".*", "dist", "build", "__pycache__", "tests", "docs")


class BuiltWheel(NamedTuple):
    """A wheel.

    Attributes:
        path: Its path, relative to the project.
        content: The file.
    """

    path: str
    content: bytes


def build_wheels(root: Path, package: str, artifacts: Mapping[str, Any]) -> list[list[BuiltWheel]]:
    """Build side by side, and return the wheels from the sources, from the same again, and from a changed package.

    The commands of the bundle's artifacts run as the Databricks CLI runs them, but with the build backend that is
    installed here.

    Raises:
        ProjectError: A command fails, or there is no package.
    """
    if not (root / "src" / package / "__init__.py").is_file():
        raise ProjectError(f"src/{package}/__init__.py is missing: restore your package, which the wheel is made of")
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder, name, "project") for name in ("one", "same", "changed")]
        for copy in copies:
            shutil.copytree(root, copy, ignore=_LEFT_OUT)
        with (copies[-1] / "src" / package / "__init__.py").open("a", encoding="utf-8") as module:
            module.write("\n# changed\n")
        builds = [build for copy in copies for build in _start(copy, artifacts)]
        outputs = [(key, process, process.communicate()[0]) for key, process in builds]
        for key, process, output in outputs:
            if process.returncode:
                reason = "".join(output.strip().splitlines()[-1:]) or "the command fails and prints nothing"
                raise ProjectError(f"{ROOT_FILE}: artifacts.{key}.build: {reason}")
        return [_wheels(copy) for copy in copies]


def _start(project: Path, artifacts: Mapping[str, Any]) -> list[tuple[str, subprocess.Popen[str]]]:
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "PIP_NO_BUILD_ISOLATION": "0",  # means --no-build-isolation in pip, so that no network is needed
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    return [
        (key, _popen(artifact["build"], project / (artifact.get("path") or "."), environment))
        for key, artifact in artifacts.items()
        if artifact.get("build")
    ]


def _popen(command: str, folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S602 - the project's own command, run by a shell as the CLI runs it
        command,
        shell=True,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _wheels(project: Path) -> list[BuiltWheel]:
    paths = sorted(project.rglob("*.whl"))
    return [BuiltWheel(path.relative_to(project).as_posix(), path.read_bytes()) for path in paths]
