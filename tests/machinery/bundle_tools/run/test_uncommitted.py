import subprocess
from pathlib import Path

import pytest

from bundle_tools.run.uncommitted import with_uncommitted_mark


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    (tmp_path / "code.py").write_text("x = 1\n")
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=x"]):
        subprocess.run([*git, *command], check=True)
    return tmp_path


def commit_of(root: Path, commit: str = "abc") -> str:
    seen = []
    call = with_uncommitted_mark(lambda _, parameters: seen.append(parameters) or {}, root)
    call("train", {"git_commit": commit})
    call("deploy", {"model_version": "1"})
    assert seen[1] == {"model_version": "1"}
    return seen[0]["git_commit"]


def test_a_commit_is_marked_if_the_working_tree_differs_from_it(repository: Path) -> None:
    assert commit_of(repository) == "abc"
    (repository / "code.py").write_text("x = 2\n")
    assert commit_of(repository) == "abc+uncommitted"
    assert commit_of(repository, "") == ""


def test_a_new_file_counts_and_a_folder_outside_a_repository_does_not(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (repository / "new.py").write_text("")
    assert commit_of(repository) == "abc+uncommitted"
    assert commit_of(tmp_path_factory.mktemp("plain")) == "abc"
