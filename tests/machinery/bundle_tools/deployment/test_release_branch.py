import pytest

from bundle_tools.deployment import release_branch
from bundle_tools.deployment.deployment import open_deployment
from mlops.errors import ProjectError

from .conftest import World


def require(world: World) -> None:
    release_branch.require(open_deployment(world.root, "prod").bundle)


@pytest.mark.parametrize("kind", ["on the branch", "detached", "an earlier commit"])
def test_released_commits_are_let_through(world: World, kind: str) -> None:
    world.release()
    if kind != "on the branch":
        world.git("checkout", "--quiet", "--detach", "HEAD" if kind == "detached" else "HEAD~1")
    require(world)


@pytest.mark.parametrize("is_detached", [True, False])
def test_an_unreviewed_commit_is_refused(world: World, is_detached: bool) -> None:  # noqa: FBT001 - a case
    commit = world.commit()
    if is_detached:
        world.git("checkout", "--quiet", "--detach", "HEAD")
    with pytest.raises(ProjectError, match=f"commit {commit} is not in origin/release"):
        require(world)
    world.git("push", "--quiet", "origin", "HEAD:release")
    require(world)


def test_the_remote_is_asked_and_not_only_what_was_fetched(world: World) -> None:
    bad = world.release()
    world.git("push", "--quiet", "--force", "origin", "HEAD~1:release")
    world.git("update-ref", "refs/remotes/origin/release", bad)
    with pytest.raises(ProjectError, match="is not in origin/release"):
        require(world)


def test_a_checkout_of_ci_without_credentials_left_works(world: World) -> None:
    (world.tools / "remote").rename(world.tools / "unreachable")
    require(world)


@pytest.mark.parametrize("name", ["databricks.yml", "untracked.csv"])
def test_files_that_are_not_committed_are_refused(world: World, name: str) -> None:
    with (world.root / name).open("a") as file:
        file.write("\n# changed\n")
    with pytest.raises(ProjectError, match=f"1 files are not as in the commit, such as {name}"):
        require(world)
    release_branch.require(open_deployment(world.root, "prod").bundle, is_clean=False)


def test_a_folder_without_git_and_a_repository_without_a_remote_are_refused(world: World) -> None:
    world.git("remote", "remove", "origin")
    with pytest.raises(ProjectError, match="the repository has no remote"):
        require(world)
    (world.root / ".git").rename(world.tools / "git")
    with pytest.raises(ProjectError, match="is not in a git repository with a commit"):
        require(world)


def test_production_names_its_branch(world: World) -> None:
    world.edit("    git: {branch: release}\n", "")
    world.release()
    world.git("checkout", "--quiet", "--detach", "HEAD")
    with pytest.raises(ProjectError, match=r"targets\.prod\.git\.branch is not set"):
        require(world)
