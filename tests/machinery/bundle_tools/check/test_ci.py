from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bundle_tools.check.outcome import Outcome, Status
from bundle_tools.check.run_checks import run_checks

from generated import generated_project

Check = Callable[[str], Outcome]

PLACED = "the_ci_files_at_the_root_of_the_repository_are_up_to_date"
POLICY = "only_the_release_branch_may_log_in_to_production"


def project_of(platform: str, folder: Path) -> Path:
    """A copy of a project of a CI platform, without its machinery."""
    ignored = shutil.ignore_patterns("machinery")
    return Path(shutil.copytree(generated_project(cicd_platform=platform), folder / "project", ignore=ignored))


@pytest.mark.parametrize("platform", ["github_actions", "azure_devops", "gitlab"])
def test_every_platform_logs_in_to_production_from_one_branch_alone(tmp_path: Path, platform: str) -> None:
    project = project_of(platform, tmp_path)
    (outcome,) = run_checks(project, only=POLICY)
    assert outcome.status is Status.PASSED
    file = project / f"ci/{platform}/prod.json"
    policy = json.loads(file.read_text(encoding="utf-8"))
    policy["oidc_policy"]["subject"] = "anybody"
    file.write_text(json.dumps(policy), encoding="utf-8")
    (outcome,) = run_checks(project, only=POLICY)
    assert outcome.faults[0].startswith(f"ci/{platform}/prod.json: oidc_policy.subject")


@pytest.mark.parametrize("platform", ["github_actions", "azure_devops", "gitlab"])
def test_every_platform_deploys_production_from_the_branch_of_the_bundle(tmp_path: Path, platform: str) -> None:
    project = project_of(platform, tmp_path)
    bundle = project / "databricks.yml"
    name = "production_is_deployed_from_the_branch_of_the_bundle"
    (outcome,) = run_checks(project, only=name)
    assert outcome.status is Status.PASSED
    text = bundle.read_text(encoding="utf-8")
    assert 'branch: "release"' in text
    bundle.write_text(text.replace('branch: "release"', 'branch: "elsewhere"'), encoding="utf-8")
    (outcome,) = run_checks(project, only=name)
    assert "does not name elsewhere" in outcome.faults[0]


def test_staging_and_production_do_not_share_an_identity(root: Path, check: Check) -> None:
    folder = root / "ci/github_actions"
    shutil.copy(folder / "prod.json", folder / "staging.json")
    assert check(POLICY).faults == (
        "ci/github_actions/prod.json: oidc_policy.subject: staging has the same, so pull requests reach production",
    )


@pytest.mark.parametrize(("text", "expected"), [(None, "is missing"), ("{}", "has no oidc_policy that can be read")])
def test_a_policy_that_cannot_be_read_is_a_fault(root: Path, check: Check, text: str | None, expected: str) -> None:
    file = root / "ci/github_actions/staging.json"
    file.unlink() if text is None else file.write_text(text, encoding="utf-8")
    (fault,) = check(POLICY).faults
    assert fault.startswith(f"ci/github_actions/staging.json: {expected}")


def test_ci_files_at_the_root_of_the_repository_are_compared(root: Path, check: Check) -> None:
    assert check(PLACED).status is Status.NOT_APPLICABLE
    (root.parent / ".git").mkdir()
    outcome = check(PLACED)
    assert outcome.status is Status.FAILED
    assert all(fault.endswith(": run make ci-files") for fault in outcome.faults)
    (root / "ci/ci_files.py").unlink()
    assert check(PLACED).faults[0].startswith("ci/ci_files.py is missing")
