"""Releases of the template: `release.py notes v1.2.0` and `release.py compare`.

`notes` prints the section of the changelog for a tag. `compare` generates the same projects from the last release and
from this commit, and fails if a file differs that docs/changed-files.txt does not list.
"""

import fnmatch
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTED = Path("docs/changed-files.txt")


def notes(changelog: str, tag: str) -> str:
    """Return the section of the changelog for a tag.

    Raises:
        ValueError: There is no such section, or it is empty.
    """
    sections = re.split(r"(?m)^## ", changelog)
    version = tag.removeprefix("v")
    for section in sections[1:]:
        title, _, text = section.partition("\n")
        if re.fullmatch(rf"v?{re.escape(version)}(?:[ (].*)?", title) and text.strip():
            return text.strip() + "\n"
    raise ValueError(f"CHANGELOG.md has no section '## {version}' with changes: write it before you tag")


def unexpected(before: Mapping[str, bytes], after: Mapping[str, bytes], listed: Iterable[str]) -> list[str]:
    """Return one sentence for each file that differs and is not listed, and for each listed glob that matches none."""
    patterns = list(listed)
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    found = [path for path in changed if not any(fnmatch.fnmatch(path, pattern) for pattern in patterns)]
    stale = [pattern for pattern in patterns if not fnmatch.filter(changed, pattern)]
    return [f"{path} differs from the last release and is not in {LISTED}" for path in found] + [
        f"{LISTED}: {pattern} matches no file that differs" for pattern in stale
    ]


def listed_globs(text: str) -> list[str]:
    """Return the globs of the list, without comments."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def last_tag() -> str | None:
    """Return the newest tag such as v1.2.0 that this commit descends from, or None."""
    done = _git("describe", "--tags", "--abbrev=0", "--match=v[0-9]*")
    return done.stdout.decode().strip() if done.returncode == 0 else None


def generated(template: Path, answers: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files of a project, by path, that a template generates."""
    from cookiecutter.main import cookiecutter  # noqa: PLC0415 - `notes` runs without it

    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(f"replay_dir: {folder}/replay\ncookiecutters_dir: {folder}/templates\n", encoding="utf-8")
        output = f"{folder}/out"
        cookiecutter(str(template), no_input=True, extra_context=answers, output_dir=output, config_file=str(config))
        files = (path for path in Path(output).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {path.relative_to(output).as_posix().partition("/")[2]: path.read_bytes() for path in files}


def compare() -> int:
    """Compare with the last release, in projects that have every pair of its answers; return an exit code."""
    tag = last_tag()
    if tag is None:
        print("there is no release yet: nothing to compare with")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(_git("archive", tag).stdout)) as archive:
            archive.extractall(folder, filter="data")
        before, after = _all(Path(folder), Path(folder)), _all(ROOT, Path(folder))
    problems = unexpected(before, after, listed_globs((ROOT / LISTED).read_text(encoding="utf-8")))
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    print(f"compared {len(before)} files with {tag}")
    return 1 if problems else 0


def _all(template: Path, release: Path) -> dict[str, bytes]:
    """The files of every project; the answers are those that the release knows."""
    from allpairspy import AllPairs  # noqa: PLC0415 - as above

    questions = json.loads((release / "cookiecutter.json").read_text(encoding="utf-8"))
    choices = {key: value for key, value in questions.items() if isinstance(value, list) and not key.startswith("_")}
    found: dict[str, bytes] = {}
    for index, answers in enumerate(AllPairs(list(choices.values()))):
        files = generated(template, dict(zip(choices, answers, strict=True)))
        found |= {path: found.get(path, b"") + b"%d\0" % index + content for path, content in files.items()}
    return found


def _git(*words: str) -> subprocess.CompletedProcess[bytes]:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return subprocess.run(["git", "-C", str(ROOT), *words], env=plain, capture_output=True, check=False)  # noqa: S607


def main(words: list[str]) -> int:
    """Run a command and return its exit code."""
    if words[:1] == ["compare"]:
        return compare()
    try:
        print(notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), words[1]), end="")
    except ValueError as error:
        print(f"error: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
