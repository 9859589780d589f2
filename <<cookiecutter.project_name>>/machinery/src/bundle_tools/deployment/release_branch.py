"""Production gets reviewed commits only: what is deployed is a commit of the release branch of the remote.

The CLI compares the name of the checked-out branch alone (bundle/config/mutator/validate_git_details.go), and lets
through a detached HEAD, a folder without git and files that are not committed. CI platforms check out detached.
"""

from __future__ import annotations

import logging

from mlops.errors import ProjectError

from ..bundle.load import Bundle
from . import commits

log = logging.getLogger(__name__)


def require(bundle: Bundle, *, is_clean: bool = True) -> None:
    """Require that HEAD is in the release branch of the remote and, if its files are deployed, that they are HEAD's.

    Args:
        bundle: The bundle for a target in production mode.
        is_clean: Whether no file may differ from HEAD; a rollback deploys from a clone of its own.

    Raises:
        ProjectError: The folder has no git, a file is not committed, or HEAD is not in the branch.
    """
    root, target = bundle.root, bundle.target
    if not commits.is_repository(root):
        raise ProjectError(
            f"{root} is not in a git repository with a commit: target {target} is deployed from a clone of your remote"
        )
    branch = str(bundle.config["bundle"]["git"].get("branch") or "")
    if not branch:
        raise ProjectError(f"targets.{target}.git.branch is not set in databricks.yml: name the release branch there")
    if is_clean and (changes := commits.uncommitted(root)):
        raise ProjectError(
            f"{len(changes)} files are not as in the commit, such as {changes[0]}: commit and merge them, or remove "
            f"them, before you deploy to {target}"
        )
    remotes = commits.remotes(root)
    if not remotes:
        raise ProjectError(f"the repository has no remote: target {target} is deployed from branch {branch} of one")
    names = [f"{remote}/{branch}" for remote in remotes]
    if not any(commits.is_in_remote_branch(root, remote, branch) for remote in remotes):
        raise ProjectError(
            f"commit {commits.head(root)} is not in {' or '.join(names)}: merge it into {branch} through review, or "
            "fetch the remote if it is merged already"
        )
