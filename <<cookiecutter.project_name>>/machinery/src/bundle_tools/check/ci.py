"""CI agrees with the bundle: branch, identities, and the copies at the root of the repository."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlops.errors import ProjectError

from ..bundle.bundle_files import ROOT_FILE
from .checked_project import CheckedProject
from .outcome import NotApplicableError
from .tally import Tally

_WORKFLOWS = (".github/workflows/*-release.yml", ".azure-pipelines/*-release.yml", ".gitlab/ci/*.yml")
# The claims of an ID token that tell the branch, or for sc:// the service connection that the branch control protects.
_CLAIMS = {"workflow_ref": "@refs/heads/{}", "ci_config_ref_uri": "@refs/heads/{}", "sub": ""}
_SCRIPT = "ci/ci_files.py"


def production_is_deployed_from_the_branch_of_the_bundle(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """CI deploys production from the branch that the bundle names."""
    _require_ci(project)
    branch = _branch(project)
    for path in sorted(path for pattern in _WORKFLOWS for path in project.root.glob(pattern)):
        name = path.relative_to(project.root).as_posix()
        looked.add("workflow", name)
        if not re.search(rf"""(?:"|'|refs/heads/){re.escape(branch)}["']""", path.read_text(encoding="utf-8")):
            yield f"{name}: does not name {branch}, as {ROOT_FILE}: targets.prod.git.branch does"


def only_the_release_branch_may_log_in_to_production(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Only the release branch may log in to production."""
    _require_ci(project)
    branch = _branch(project)
    for file in sorted(project.root.glob("ci/*/prod.json")):
        name = file.relative_to(project.root).as_posix()
        looked.add("federation policy", name)
        policy = _policy(file, name)
        claim, subject = policy.get("subject_claim"), str(policy.get("subject"))
        if claim not in _CLAIMS or (claim == "sub" and not subject.startswith("sc://")):
            yield f"{name}: oidc_policy.subject_claim: {claim} does not tell the branch"
        elif not subject.endswith(_CLAIMS[claim].format(branch)):
            yield f"{name}: oidc_policy.subject: {subject} is not of the branch {branch}"
        staging = file.with_name("staging.json")
        if subject == _policy(staging, staging.relative_to(project.root).as_posix()).get("subject"):
            yield f"{name}: oidc_policy.subject: staging has the same, so pull requests reach production"


def _policy(file: Path, name: str) -> dict[str, Any]:
    try:
        policy = json.loads(file.read_text(encoding="utf-8"))["oidc_policy"]
    except FileNotFoundError:
        raise ProjectError(f"{name}: is missing: restore the federation policy (docs/ci-*.md)") from None
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ProjectError(f"{name}: has no oidc_policy that can be read: {error}") from None
    return dict(policy)


def the_ci_files_at_the_root_of_the_repository_are_up_to_date(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """The CI files at the root of the repository are up to date."""
    _require_ci(project)
    if not (project.root / _SCRIPT).is_file():
        raise ProjectError(f"{_SCRIPT} is missing: restore it, because it places the CI files of a repository")
    ci_files = runpy.run_path(str(project.root / _SCRIPT))
    folder = project.root.resolve()
    top = ci_files["repository_root"](folder)
    if top is None or top == folder:
        raise NotApplicableError("the project is not a folder of a repository with others")
    for source, target, text in ci_files["placed_files"](folder, top):
        if source.as_posix() in ci_files["SHARED"]:
            continue
        looked.add("file", source)
        if not (target.is_file() and target.read_text(encoding="utf-8") == text):
            yield f"{target}: is not what {source.as_posix()} says: run make ci-files"


def _require_ci(project: CheckedProject) -> None:
    if not (project.root / "ci").is_dir():
        raise NotApplicableError("the project has no CI platform: there is no folder ci")


def _branch(project: CheckedProject) -> str:
    """Return the branch that production is deployed from."""
    return str(project.bundle("prod").config["bundle"]["git"]["branch"])


CHECKS = (
    production_is_deployed_from_the_branch_of_the_bundle,
    only_the_release_branch_may_log_in_to_production,
    the_ci_files_at_the_root_of_the_repository_are_up_to_date,
)
