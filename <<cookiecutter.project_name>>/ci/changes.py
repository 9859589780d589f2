"""Tells what a change needs: `make changes BASE=origin/main`.

It runs before anything is installed, so it uses Python's standard library only.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

_DOCUMENTS = (".md", ".png", ".svg", ".jpg")


def main(argv: list[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Print whether anything and whether code has changed, and tell it to the CI platform that this runs on."""
    words = sys.argv[1:] if argv is None else argv
    environ = os.environ if environ is None else environ
    paths = changed(Path(), words[0] if words else "")
    answers = {"any": paths is None or bool(paths), "code": needs_integration(paths)}
    for name, answer in answers.items():
        said = f"{name}={str(answer).lower()}\n"
        sys.stdout.write(said)
        if output := environ.get("GITHUB_OUTPUT"):
            with Path(output).open("a", encoding="utf-8") as file:
                file.write(said)
        if environ.get("TF_BUILD"):
            sys.stdout.write(f"##vso[task.setvariable variable={name};isOutput=true]{str(answer).lower()}\n")
    return 0


def changed(root: Path, base: str) -> list[str] | None:
    """Return the files of the project that differ from the commit where the branch left `base`.

    Returns:
        Paths relative to `root`, or None if that cannot be told, for example because the commit is unknown.
    """
    command = ["git", "-C", str(root), "diff", "--name-only", "--relative", "--no-renames", "--end-of-options"]
    done = subprocess.run(  # noqa: S603 - no shell, and the base cannot be an option
        [*command, f"{base}...HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines() if base and done.returncode == 0 else None


def needs_integration(paths: Iterable[str] | None) -> bool:
    """Return whether a change touches more than documentation; an unknown change does."""
    return paths is None or any(not is_documentation(path) for path in paths)


def is_documentation(path: str) -> bool:
    """Return whether a file, relative to the project, is documentation."""
    return PurePosixPath(path).parts[0] == "docs" or path.endswith(_DOCUMENTS)


if __name__ == "__main__":
    sys.exit(main())
