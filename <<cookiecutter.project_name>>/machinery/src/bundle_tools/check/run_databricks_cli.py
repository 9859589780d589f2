"""Runs the Databricks CLI on a copy of the bundle, without the settings and credentials of this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from mlops.errors import ProjectError

from ..bundle.bundle_files import ROOT_FILE
from .outcome import NotRunError

_SECONDS = 120
_LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "__pycache__")
_HOST = re.compile(r"(?m)^(\s+host:).*$")


def copy_bundle(root: Path, to: Path, url: str) -> Path:
    """Copy the bundle, with this address as the host of every target.

    Raises:
        NotRunError: The CLI is not installed.
    """
    _cli()
    copy = Path(shutil.copytree(root, to, ignore=_LEFT_OUT))
    file = copy / ROOT_FILE
    file.write_text(_HOST.sub(rf"\1 {url}", file.read_text(encoding="utf-8")), encoding="utf-8")
    return copy


def run_cli(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the CLI in a folder.

    Raises:
        NotRunError: The CLI is not installed.
        ProjectError: It does not answer.
    """
    own = {key: value for key, value in os.environ.items() if not key.startswith(("DATABRICKS_", "BUNDLE_VAR_"))}
    environment = own | {
        "DATABRICKS_TOKEN": "not-a-token",
        "DATABRICKS_AUTH_TYPE": "pat",
        "DATABRICKS_CONFIG_FILE": os.devnull,
        "DATABRICKS_CLI_DISABLE_UPDATE_CHECK": "1",
        "DATABRICKS_CACHE_ENABLED": "false",
        "HOME": str(folder),
    }
    try:
        return subprocess.run(  # noqa: S603 - no shell
            [_cli(), *words], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProjectError(f"the Databricks CLI on the PATH does not run: {error}") from None


def _cli() -> str:
    path = shutil.which("databricks")
    if path is None:
        raise NotRunError("the Databricks CLI is not on the PATH: install it to have it read the bundle as well")
    return path
