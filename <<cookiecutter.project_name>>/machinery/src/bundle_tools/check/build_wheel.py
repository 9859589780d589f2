"""Builds the wheel in a copy of the project, as a deployment does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from mlops.errors import ProjectError

from ..bundle.bundle_files import ROOT_FILE, read

_LEFT_OUT = shutil.ignore_patterns(".*", "dist", "build", "__pycache__", "tests", "docs")


def copy_sources(root: Path, to: Path) -> Path:
    """Copy what a wheel is built from."""
    return Path(shutil.copytree(root, to, ignore=_LEFT_OUT))


def build_wheels(copies: Iterable[Path]) -> list[list[str]]:
    """Run the build commands of the bundle in each copy, side by side, and return the wheels in each, by path.

    They run as the Databricks CLI runs them, but with the build backend that is installed here.

    Raises:
        ProjectError: A command fails.
    """
    running = [(copy, _start(copy)) for copy in copies]
    outputs = [(copy, [(key, one, one.communicate()[0]) for key, one in builds]) for copy, builds in running]
    for _, builds in outputs:
        for key, process, said in builds:
            if process.returncode:
                reason = " ".join(said.strip().splitlines()[-1:])
                raise ProjectError(f"{ROOT_FILE}: artifacts.{key}.build: {reason or 'the command failed silently'}")
    return [sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*.whl")) for copy, _ in outputs]


def _start(project: Path) -> list[tuple[str, subprocess.Popen[str]]]:
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "PIP_NO_BUILD_ISOLATION": "0",  # means --no-build-isolation in pip, so that no network is needed
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    return [
        (
            key,
            subprocess.Popen(  # noqa: S602 - the project's own command, run by a shell as the CLI runs it
                artifact["build"],
                shell=True,
                cwd=project / (artifact.get("path") or "."),
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ),
        )
        for key, artifact in (read(project).content.get("artifacts") or {}).items()
        if artifact.get("build")
    ]
