"""Two projects in one repository: each has CI files of its own at the root, and neither disturbs the other."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cookiecutter.main import cookiecutter

import ci_rules
from ci_jobs import FOLDERS
from test_ci import actionlint, needs_actionlint, schema, zizmor
from test_hooks import post_gen

from baking import ROOT

NAMES = ("nyc-taxi", "churn")


def git_init(folder: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)  # noqa: S607 - git is on the path


@pytest.fixture(scope="module", params=list(FOLDERS))
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def repository(platform: str, tmp_path_factory: pytest.TempPathFactory, user_config: Path) -> Path:
    """A git repository with a project in each of two folders, one of them deeper; the last test changes it."""
    root = tmp_path_factory.mktemp("repository")
    (root / "ml").mkdir()
    git_init(root)
    for name, folder in zip(NAMES, (root, root / "ml"), strict=True):
        answers = {"project_name": name, "cicd_platform": platform, "schema": name.replace("-", "_")}
        cookiecutter(
            str(ROOT), no_input=True, extra_context=answers, output_dir=str(folder), config_file=str(user_config)
        )
    return root


def test_each_project_has_files_of_its_own_at_the_root(repository: Path, platform: str) -> None:
    placed = {path.name for path in (repository / FOLDERS[platform]).iterdir()}
    kinds = [""] if platform == "gitlab" else ["-integration", "-staging", "-release"]
    assert placed == {f"{name}{kind}.yml" for name in NAMES for kind in kinds}


def test_they_share_no_name_and_no_lock_and_stay_in_their_folders(repository: Path, platform: str) -> None:
    texts = {
        name: "".join(path.read_text() for path in sorted((repository / FOLDERS[platform]).glob(f"{name}*")))
        for name in NAMES
    }
    for name, folder in zip(NAMES, ("nyc-taxi", "ml/churn"), strict=True):
        other = next(one for one in NAMES if one != name)
        assert other not in texts[name]
        marked = [line for line in texts[name].splitlines() if "# from the root of the repository" in line]
        assert marked
        assert [line for line in marked if folder not in line] == []


def test_the_rules_hold_for_each(repository: Path, platform: str) -> None:
    for name, folder in zip(NAMES, ("nyc-taxi", "ml/churn"), strict=True):
        assert ci_rules.broken(ci_rules.Files.of(repository / folder, platform, name, "release")) == {}
    assert schema(repository, platform) == ""
    if platform == "github_actions":
        assert zizmor(repository) == ""


@needs_actionlint
def test_actionlint_finds_nothing_in_both(repository: Path, platform: str) -> None:
    assert platform != "github_actions" or actionlint(repository) == ""


def test_gitlab_includes_both(repository: Path, platform: str) -> None:
    if platform != "gitlab":
        return
    root = yaml.safe_load((repository / ".gitlab-ci.yml").read_text())
    assert root["include"] == [{"local": "/.gitlab/ci/*.yml"}]


def test_an_update_of_one_project_leaves_the_other_alone(repository: Path, platform: str) -> None:
    before = {path: path.read_bytes() for path in (repository / FOLDERS[platform]).glob("churn*")}
    own = repository / "nyc-taxi" / FOLDERS[platform]
    for path in own.glob("*.yml"):
        path.write_text(path.read_text() + "# updated\n")
    subprocess.run(
        [sys.executable, "ci/ci_files.py"],
        cwd=repository / "nyc-taxi",
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
    )
    updated = (repository / FOLDERS[platform]).glob("nyc-taxi*")
    assert all(path.read_text().endswith("# updated\n") for path in updated)
    assert {path: path.read_bytes() for path in before} == before


def test_a_file_of_yours_at_the_root_is_kept(platform: str, tmp_path: Path, user_config: Path) -> None:
    shared = {"github_actions": ".github/dependabot.yml", "azure_devops": "renovate.json", "gitlab": ".gitlab-ci.yml"}
    git_init(tmp_path)
    yours = tmp_path / shared[platform]
    yours.parent.mkdir(exist_ok=True)
    yours.write_text("# mine\n")
    answers = {"cicd_platform": platform}
    cookiecutter(
        str(ROOT), no_input=True, extra_context=answers, output_dir=str(tmp_path), config_file=str(user_config)
    )
    assert yours.read_text() == "# mine\n"


def test_a_project_outside_a_repository_has_its_files_only_once(
    platform: str, tmp_path: Path, user_config: Path
) -> None:
    answers = {"cicd_platform": platform}
    cookiecutter(
        str(ROOT), no_input=True, extra_context=answers, output_dir=str(tmp_path), config_file=str(user_config)
    )
    assert [path.name for path in tmp_path.iterdir()] == ["nyc-taxi"]
    assert not list(tmp_path.rglob("__pycache__"))


def test_a_project_that_git_ignores_leaves_the_repository_alone(tmp_path: Path, user_config: Path) -> None:
    """As that of `make demo`, in the template's own build folder."""
    git_init(tmp_path)
    (tmp_path / ".gitignore").write_text("build/\n")
    cookiecutter(str(ROOT), no_input=True, output_dir=str(tmp_path / "build"), config_file=str(user_config))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", ".gitignore", "build"]


def test_the_hook_removes_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "folder/inner").mkdir(parents=True)
    (tmp_path / "file").touch()
    for name in ("folder", "file", "missing"):
        post_gen.remove(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("answer", ["github_actions", "azure_devops", "gitlab", "none"])
def test_the_hook_keeps_only_what_the_platform_needs(answer: str) -> None:
    gone = post_gen.superfluous({"approval": "manual", "inference": "batch", "serving": False, "cicd_platform": answer})
    kept = {
        "github_actions": {".github", "ci/github_actions", "docs/ci-github-actions.md"},
        "azure_devops": {".azure-pipelines", "ci/azure_devops", "docs/ci-azure-devops.md", "renovate.json"},
        "gitlab": {".gitlab", ".gitlab-ci.yml", "ci/gitlab", "docs/ci-gitlab.md", "renovate.json"},
        "none": set(),
    }[answer]
    assert kept.isdisjoint(gone)
    assert len(gone) == len(set(gone))
