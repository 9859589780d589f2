"""Opens the data of a project for a notebook, on Databricks and on this machine."""

from __future__ import annotations

from pathlib import Path

from databricks.sdk import WorkspaceClient

from mlops.exploration.data import Exploration
from mlops.platform.base import Platform, current
from mlops_local.platform import LocalPlatform

from ..bundle.load import load
from ..run import entry_points
from ..workspace.workspace import own_schema


def opened(root: Path, target: str) -> Exploration:
    """Return the data of the project in a folder, with the tables of a target.

    Args:
        root: The folder with databricks.yml, such as a Git folder of a workspace.
        target: The target, such as `dev`.

    Raises:
        ProjectError: The bundle has an error, or a table does not exist.
    """
    platform = current()
    bundle = load(root, target, user=user(platform))
    project = entry_points.project(entry_points.load(root))
    return Exploration.of(project, platform, str(bundle.variables.get("source_tables") or ""), own_schema(bundle))


def user(platform: Platform) -> str | None:
    """Return who deploys on Databricks, whose schema in development has their name; None for this machine's user."""
    if isinstance(platform, LocalPlatform):
        return None
    return str(WorkspaceClient().current_user.me().user_name)
