from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bundle_tools.bundle.load import load
from bundle_tools.doctor import uploads
from bundle_tools.doctor.finding import Finding

BUNDLE = """
bundle: {name: b}
sync: {exclude: ["**/*.py", "docs/**"]}
targets: {dev: {mode: development}, prod: {}}
"""


def finding_of(root: Path, target: str = "prod") -> Finding:
    (finding,) = uploads.check(load(root, target, environ={}))
    return finding


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project in a repository, in which everything is tracked."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "databricks.yml").write_text(BUNDLE)
    (folder / ".gitignore").write_text("build/\n")
    git = str(shutil.which("git"))
    subprocess.run([git, "init", "--quiet", str(folder)], check=True)
    subprocess.run([git, "-C", str(folder), "add", "--all"], check=True)
    return folder


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


def test_what_is_tracked_ignored_or_excluded_is_no_news(root: Path) -> None:
    write(root, "build/a.csv", "tool.py", "docs/notes.md")
    assert finding_of(root) == Finding(ok=True, sentence="a deployment takes no file that git does not track")


def test_an_untracked_file_would_be_uploaded_or_get_into_the_wheel(root: Path) -> None:
    write(root, "customers.csv", "src/b/secret.py", "machinery/src/mlops/mine.py", "a file.txt", "resources/x.yml")
    finding = finding_of(root)
    assert finding.ok is False
    assert finding.sentence == (
        "a deployment would take 5 files that git does not track (a file.txt, customers.csv, "
        "machinery/src/mlops/mine.py, ...): commit them, delete them, or put them in .gitignore"
    )
    in_development = finding_of(root, "dev")
    assert in_development.ok is True
    assert "5 files that git does not track" in in_development.sentence


def test_without_a_repository_nothing_can_be_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(root.parent))
    shutil.rmtree(root / ".git")
    assert finding_of(root).ok is None
    assert "this folder is in no git repository" in finding_of(root).sentence
    assert finding_of(root, "dev").ok is True
    monkeypatch.setenv("PATH", "")
    assert "git is not on the PATH" in finding_of(root).sentence
