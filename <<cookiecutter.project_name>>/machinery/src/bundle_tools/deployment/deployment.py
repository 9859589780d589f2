"""One deployment of the bundle: a target, the variables of a pull request, and the CLI and client for it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.errors import ProjectError

from ..bundle.load import Bundle, load
from . import identity

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

# The prefixes of integration in CI: a pull request, or the nightly run.
TEMPORARY = r"(?:pr\d+|nightly)_"
# A deployment can be listed and removed after what it looks up, such as its SQL warehouse, is gone.
_WITHOUT_LOOKUPS = ("destroy", "summary")


@dataclass(frozen=True)
class Deployment:
    """A deployment that exists, or is about to.

    Attributes:
        bundle: The bundle for the target, with the variables below.
        variables: The variables that differ from the target's own; empty for the target's main deployment.
    """

    bundle: Bundle
    variables: Mapping[str, str]

    @property
    def prefix(self) -> str:
        """The prefix of all names; empty for the target's main deployment."""
        return self.variables.get("name_prefix", "")

    @property
    def is_protected(self) -> bool:
        """Whether it is production's."""
        return self.bundle.mode == "production"

    def at(self, folder: Path) -> Deployment:
        """Return the same deployment, as the files in another folder define it.

        Raises:
            ProjectError: The bundle there is not valid.
        """
        return replace(self, bundle=load(folder, self.bundle.target, self.variables))

    def client(self) -> WorkspaceClient:
        """Return a client for the workspace, logged in as the identity that deploys.

        Raises:
            ProjectError: There are no credentials.
        """
        # The SDK takes a second to import, and commands that only call the CLI do without it.
        from ..doctor.access import login  # noqa: PLC0415
        from ..doctor.patience import Patience  # noqa: PLC0415

        self.renew_login()
        try:
            return login(self.bundle, Patience(request=60, retries=300, pause=30))
        except (OSError, ValueError) as error:
            raise ProjectError(f"no login to {self.bundle.config['workspace']['host']}: {error}") from None

    def renew_login(self) -> None:
        """Put what the login needs into the environment, with a new ID token where tokens are short-lived."""
        os.environ.update(identity.settings(self.bundle, os.environ))

    def cli(self, *words: str, folder: Path | None = None, capture: bool = False) -> str:
        """Run `databricks bundle WORDS` for this deployment; return its output if it is captured.

        Raises:
            ProjectError: The CLI is not installed, or fails.
        """
        program = shutil.which("databricks")
        if program is None:
            raise ProjectError("the Databricks CLI is not on the PATH: install it, see README.md")
        self.renew_login()
        given = [word for pair in self._given(words[0]).items() for word in ("--var", "=".join(pair))]
        command = [program, "bundle", *words, "--target", self.bundle.target, *given]
        sys.stdout.flush()  # print earlier output first, even into a pipe
        done = subprocess.run(  # noqa: S603 - words from this module's callers, no shell
            command,
            cwd=folder or self.bundle.root,
            env={**os.environ, **self._own_state(folder)},
            stdout=subprocess.PIPE if capture else None,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ProjectError(f"`databricks bundle {words[0]}` failed for target {self.bundle.target}: see its output")
        return done.stdout or ""

    def summary(self) -> dict[str, Any]:
        """Return what the CLI knows about the deployment, with the ids of the resources that exist."""
        found = json.loads(self.cli("summary", "--output", "json", capture=True))
        return found if isinstance(found, dict) else {}

    def job_ids(self) -> dict[str, int]:
        """Return the ids of the jobs that exist, by key."""
        jobs = (self.summary().get("resources") or {}).get("jobs") or {}
        return {key: int(job["id"]) for key, job in jobs.items() if job.get("id")}

    def _given(self, command: str) -> Mapping[str, str]:
        """Return the variables for a command; what only reads or removes a deployment needs nothing looked up."""
        looked_up = dict.fromkeys(self.bundle.lookups, "not-looked-up") if command in _WITHOUT_LOOKUPS else {}
        return {**looked_up, **self.variables}

    def _own_state(self, folder: Path | None) -> dict[str, str]:
        """Keep the CLI's local state of deployments with a prefix apart; it has one folder per target otherwise."""
        python = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])}
        state = (folder or self.bundle.root) / ".databricks" / "prefixed" / self.prefix
        return {**python, "DATABRICKS_BUNDLE_TMP": str(state)} if self.prefix else python


def open_deployment(root: Path, target: str | None, prefix: str = "") -> Deployment:
    """Return the deployment of a target, or the one with a prefix in it.

    With a prefix, snapshots go to the target's own catalog, so that everything of the deployment is in one place.

    Raises:
        ProjectError: The bundle or the prefix is not valid.
    """
    if prefix and not re.fullmatch(r"[a-z][a-z0-9]*_", prefix):
        raise ProjectError(
            f"the prefix {prefix!r} is not valid: write lower-case letters, digits and a final _ (pr12_)"
        )
    bundle = load(root, target)
    if not prefix:
        return Deployment(bundle, {})
    if bundle.mode is not None:
        raise ProjectError(f"target {bundle.target} has no deployments with a prefix: use staging")
    variables = {"name_prefix": prefix, "snapshot_catalog": str(bundle.variables["catalog"])}
    return Deployment(load(root, target, variables), variables)
