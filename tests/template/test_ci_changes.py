import os
import subprocess
from pathlib import Path

import changes
import pytest


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with one commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "databricks.yml").touch()
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder


def git(folder: Path, *words: str) -> str:
    """Run git without the settings of the user who runs the tests."""
    person = {f"GIT_{role}_{what}": "ada" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **person, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def commit(folder: Path) -> str:
    """Commit everything and return the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=state")
    return git(folder, "rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("paths", "code"),
    [
        ([], False),
        (["README.md", "docs/models.md", "docs/picture.png"], False),
        (["docs/anything.py"], False),
        (["src/p/model.py"], True),
        (["README.md", "databricks.yml"], True),
        (["machinery/README.md"], False),
        (None, True),
    ],
)
def test_only_documentation_needs_no_integration(paths: list[str] | None, code: bool) -> None:  # noqa: FBT001
    assert changes.needs_integration(paths) is code


def test_changes_are_those_of_the_branch_and_of_the_project(repository: Path) -> None:
    base = commit(repository)
    for name in ("project/model.py", "other/model.py"):
        file = repository / name
        file.parent.mkdir()
        file.touch()
    (repository / "databricks.yml").rename(repository / "project" / "databricks.yml")
    commit(repository)
    assert changes.changed(repository / "project", base) == ["databricks.yml", "model.py"]
    assert changes.changed(repository, "") is None
    assert changes.changed(repository, "0" * 40) is None
    assert changes.changed(repository, "--help") is None


def test_the_platforms_are_told(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base = commit(repository)
    (repository / "README.md").touch()
    commit(repository)
    monkeypatch.chdir(repository)
    output = tmp_path / "output"
    assert changes.main([base], {"GITHUB_OUTPUT": str(output), "TF_BUILD": "True"}) == 0
    assert Path(output).read_text() == "any=true\ncode=false\n"
    assert "##vso[task.setvariable variable=code;isOutput=true]false" in capsys.readouterr().out
