"""Puts the CI files of this project at the root of its repository: `make ci-files`.

CI platforms look for their files only there. In a repository of one project the root is the project's folder, and there
is nothing to do. With several projects, each project's files have names of their own; the lines that depend on the
folder end with a comment that says so, and are changed in the copy.

It also runs while the project is generated, before anything is installed, so it uses Python's standard library only.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

# Files that belong to one project, and files that all projects of a repository share.
OWN = (".github/workflows/*.yml", ".azure-pipelines/*.yml", ".gitlab/ci/*.yml")
SHARED = (".github/dependabot.yml", ".gitlab-ci.yml", "renovate.json")
MARK = "# from the root of the repository"
_VALUE = re.compile(r"""(["'])(!?)([^"']*)\1""")


def main(project: Path | None = None) -> int:
    """Place the files of the project in this folder, and print which."""
    project = (project or Path()).resolve()
    root = repository_root(project)
    if root is None or root == project:
        sys.stdout.write("the CI files are where the platform looks for them\n")
        return 0
    for line in place(project, root):
        sys.stdout.write(f"{line}\n")
    return 0


def repository_root(project: Path) -> Path | None:
    """Return the root of the git repository that a folder belongs to, or None; an ignored folder belongs to none."""
    root = next((folder for folder in (project, *project.parents) if (folder / ".git").exists()), None)
    return None if root is None or _is_ignored(root, project) else root


def _is_ignored(root: Path, project: Path) -> bool:
    """Return whether git ignores the folder, such as a build folder with a project to try out."""
    git = shutil.which("git")
    if git is None or root == project:
        return False
    command = [git, "-C", str(root), "check-ignore", "--quiet", str(project)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - no shell


def place(project: Path, root: Path) -> list[str]:
    """Write the copies, and return one line for each file: what was done, or what is left to you."""
    told = []
    for source, target, text in placed_files(project, root):
        is_shared = source.as_posix() in SHARED
        if is_shared and target.exists() and target.read_text(encoding="utf-8") != text:
            told.append(f"{target.relative_to(root)} exists and is left as it is: add what {source} contains")
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        told.append(f"wrote {target.relative_to(root)}")
    return told


def placed_files(project: Path, root: Path) -> list[tuple[Path, Path, str]]:
    """Return each CI file of the project, relative to it, with its path and its text at the root."""
    folder = project.relative_to(root).as_posix()
    sources = sorted(path for pattern in (*OWN, *SHARED) for path in project.glob(pattern))
    return [
        (path.relative_to(project), root / path.relative_to(project), placed(path.read_text(encoding="utf-8"), folder))
        for path in sources
    ]


def placed(text: str, folder: str) -> str:
    """Return the text of a CI file for a project in this folder of the repository.

    Args:
        text: Of a file for a project at the root. In marked lines, quoted values are paths or patterns.
        folder: Of the project, relative to the root, with forward slashes.
    """
    return "".join(_moved(line, folder) if MARK in line else line for line in text.splitlines(keepends=True))


def _moved(line: str, folder: str) -> str:
    code, mark, rest = line.partition(MARK)
    return _VALUE.sub(lambda found: f"{found[1]}{found[2]}{_joined(folder, found[3])}{found[1]}", code) + mark + rest


def _joined(folder: str, path: str) -> str:
    return folder if path == "." else f"{folder}/{path}"


if __name__ == "__main__":
    sys.exit(main())
