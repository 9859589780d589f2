"""A release has its section of the changelog, and a later commit generates the same apart from what is listed."""

import subprocess
import sys
from pathlib import Path

import pytest

import release
from test_ci import ACTIONLINT, tool

from baking import ROOT

CHANGELOG = "# Changelog\n\n## Unreleased\n\n- Next.\n\n## 1.2.0 (2026-11-26)\n\n- One.\n- Two.\n\n## 1.1.0\n\n"


def test_the_notes_of_a_tag_are_its_section_of_the_changelog() -> None:
    assert release.notes(CHANGELOG, "v1.2.0") == "- One.\n- Two.\n"


@pytest.mark.parametrize("tag", ["v1.1.0", "v1.2", "v9.0.0"])
def test_a_tag_without_changes_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="has no section"):
        release.notes(CHANGELOG, tag)


def test_files_that_differ_must_be_listed_and_lists_must_match() -> None:
    before = {"a.py": b"1", "docs/b.md": b"1", "same": b"1"}
    after = {"a.py": b"2", "docs/b.md": b"2", "same": b"1", "new": b"1"}
    assert release.unexpected(before, after, ["docs/*", "a.py", "new"]) == []
    assert release.unexpected(before, after, ["docs/*", "new", "old"]) == [
        "a.py differs from the last release and is not in docs/changed-files.txt",
        "docs/changed-files.txt: old matches no file that differs",
    ]
    assert release.listed_globs("# why\n\na.py\n docs/* \n") == ["a.py", "docs/*"]


def test_a_project_is_generated_without_the_settings_of_the_machine() -> None:
    files = release.generated(ROOT, {"cloud": "aws"})
    assert b"dbc-11111111" in files["databricks.yml"]


def test_the_ci_of_the_template_passes_the_same_linters() -> None:
    workflows = [str(path) for path in sorted((ROOT / ".github/workflows").glob("*.yml"))]
    assert len(workflows) == 2
    assert tool("check_jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows) == ""
    assert tool("check_jsonschema", "--builtin-schema", "vendor.dependabot", str(ROOT / ".github/dependabot.yml")) == ""
    zizmor = str(Path(sys.executable).with_name("zizmor"))
    done = subprocess.run([zizmor, "--offline", "--no-progress", "--no-config", str(ROOT / ".github")], check=False)
    assert done.returncode == 0
    if ACTIONLINT is not None:
        subprocess.run([ACTIONLINT, *workflows], check=True)
