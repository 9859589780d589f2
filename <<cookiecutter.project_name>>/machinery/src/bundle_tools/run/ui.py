"""The MLflow UI of the local runs and models."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from mlops.errors import ProjectError

from ..workspace.workspace import Workspace
from .options import Options


def open_ui(options: Options) -> NoReturn:
    """Serve the UI until it is stopped; it replaces this process.

    Raises:
        ProjectError: Nothing has run in this state yet.
    """
    workspace = Workspace(options.state)
    if not workspace.folder.is_dir():
        raise ProjectError(f"there is no local state in {workspace.folder} yet: run make lifecycle first.")
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", workspace.tracking_uri]
    os.execv(sys.executable, command)  # noqa: S606 - a fixed command
