"""CI agrees with the bundle: branch, environments and identities, and the copies at the root of the repository."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from bundle_tools.bundle.load import Bundle
from bundle_tools.deployment.ci_files import placed_files, repository_root

NoneOf = Callable[[Iterable[str]], None]
Load = Callable[..., Bundle]

WORKFLOWS = (".github/workflows/*-release.yml", ".azure-pipelines/*-release.yml", ".gitlab/ci/*.yml")
# The claims of an ID token that tell the branch, or for sc:// the service connection that the branch control protects.
CLAIMS = {"workflow_ref": "@refs/heads/{}", "ci_config_ref_uri": "@refs/heads/{}", "sub": ""}


@pytest.fixture
def branch(load_target: Load) -> str:
    """The branch that production is deployed from."""
    return str(load_target("prod").config["bundle"]["git"]["branch"])


def test_production_is_deployed_from_the_branch_of_the_bundle(root: Path, branch: str, none_of: NoneOf) -> None:
    none_of(
        f"{path.relative_to(root).as_posix()}: does not name {branch}, as databricks.yml: targets.prod.git.branch does"
        for pattern in WORKFLOWS
        for path in sorted(root.glob(pattern))
        if not re.search(rf"""(?:"|'|refs/heads/){re.escape(branch)}["']""", path.read_text(encoding="utf-8"))
    )


def test_only_the_release_branch_may_log_in_to_production(root: Path, branch: str, none_of: NoneOf) -> None:
    faults = []
    for file in sorted(root.glob("ci/*/prod.json")):
        policy = json.loads(file.read_text(encoding="utf-8"))["oidc_policy"]
        name, claim, subject = file.relative_to(root).as_posix(), policy.get("subject_claim"), policy["subject"]
        if claim not in CLAIMS or (claim == "sub" and not subject.startswith("sc://")):
            faults.append(f"{name}: oidc_policy.subject_claim: {claim} does not tell the branch")
        elif not subject.endswith(CLAIMS[claim].format(branch)):
            faults.append(f"{name}: oidc_policy.subject: {subject} is not of the branch {branch}")
        staging = json.loads(file.with_name("staging.json").read_text(encoding="utf-8"))["oidc_policy"]
        if subject == staging["subject"]:
            faults.append(f"{name}: oidc_policy.subject: staging has the same, so pull requests reach production")
    none_of(faults)


def test_the_ci_files_at_the_root_of_the_repository_are_up_to_date(root: Path, none_of: NoneOf) -> None:
    top = repository_root(root.resolve())
    none_of(
        f"{target}: is not what {source.as_posix()} says: run make ci-files"
        for source, target, text in (placed_files(root.resolve(), top) if top and top != root.resolve() else ())
        if source.parent.name in {"workflows", "ci", ".azure-pipelines"}
        and not (target.is_file() and target.read_text(encoding="utf-8") == text)
    )
