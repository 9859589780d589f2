"""Who deploys, from which commit, and into which folders of the workspace."""

import getpass
import posixpath
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops.errors import ProjectError

_FOLDERS = {
    "file_path": "files",
    "resource_path": "resources",
    "artifact_path": "artifacts",
    "state_path": "state",
}
_GIT_FACTS = {
    "branch": ("symbolic-ref", "--short", "--quiet", "HEAD"),
    "commit": ("rev-parse", "--verify", "--quiet", "HEAD"),
    "origin_url": ("config", "--get", "remote.origin.url"),
}


def current_user(name: str | None) -> dict[str, str]:
    """Return `userName`, `short_name` and `domain_friendly_name` of `name`, or of the operating system's user."""
    if name is None:
        try:
            name = getpass.getuser()
        except (KeyError, OSError):  # a user in a container may have no name
            name = "user"
    short = normalise(name.partition("@")[0])
    plain = "".join(c for c in unicodedata.normalize("NFD", short) if not unicodedata.combining(c))
    return {
        "userName": name,
        "short_name": short,
        "domain_friendly_name": re.sub(r"[^a-z0-9]", "-", plain),
    }


def normalise(name: str) -> str:
    """Return the name in lower case, with each run of characters other than letters and digits as one underscore."""
    kept = "".join(c if c.isalpha() or c.isdecimal() else "_" for c in name.lower())
    return re.sub("_+", "_", kept).strip("_")


def git_facts(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return `branch`, `commit` and `origin_url` of the folder; missing ones are empty strings, as in the CLI."""
    git = shutil.which("git")
    if git is None or not any((folder / ".git").exists() for folder in (root.resolve(), *root.resolve().parents)):
        return dict.fromkeys(_GIT_FACTS, "")
    # Inside a git hook, GIT_DIR names the repository of the commit, which may not be this folder's.
    plain = {key: value for key, value in environ.items() if not key.startswith("GIT_")}
    facts = {}
    for fact, command in _GIT_FACTS.items():
        done = subprocess.run(  # noqa: S603 - a fixed command without user input
            [git, "-C", str(root), *command], env=plain, capture_output=True, text=True, check=False
        )
        facts[fact] = done.stdout.strip() if done.returncode == 0 else ""
    return facts


def with_facts(config: dict[str, Any], root: Path, user: str | None, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration with all fields of `bundle` and `workspace` that references may name.

    Fields that are not configured are derived as in the CLI, or are empty strings.

    Raises:
        ProjectError: The bundle has no name.
    """
    bundle = config["bundle"]
    if not isinstance(bundle.get("name"), str) or not bundle["name"]:
        raise ProjectError("databricks.yml: bundle.name is missing: give the bundle a name")
    workspace = dict(config.get("workspace") or {})
    person = current_user(user)
    top = workspace.get("root_path") or f"~/.bundle/{bundle['name']}/{bundle['target']}"
    if top.startswith("~/"):
        top = posixpath.join("/Workspace/Users", person["userName"], top[2:])
    paths = {"root_path": top, **{field: posixpath.join(top, folder) for field, folder in _FOLDERS.items()}}
    paths.update({field: workspace[field] for field in _FOLDERS if workspace.get(field)})
    git = {"bundle_root_path": "", **git_facts(root, environ), **(bundle.get("git") or {})}
    return {
        **config,
        "bundle": {"mode": "", "uuid": "", "cluster_id": "", **bundle, "git": git},
        "workspace": {
            "host": "",
            "profile": "",
            **workspace,
            **{field: _under_workspace(path) for field, path in paths.items()},
            "current_user": person,
        },
    }


def _under_workspace(path: str) -> str:
    outside = path.startswith("/") and not path.startswith(("/Workspace/", "/Volumes/"))
    return f"/Workspace{path}" if outside else path
