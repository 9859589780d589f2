"""Removes the files that the given answers do not need, and prints the next steps."""

import contextlib
import hashlib
import json
import os
import runpy
import shutil
from collections.abc import Mapping
from pathlib import Path

# Files that only one answer needs: question, answer, paths.
ONLY_FOR = (
    (
        "approval",
        "manual",
        ("resources/approval.yml",),
    ),
    ("serving", True, ("resources/serving.yml", "resources/rollout.job.yml", "docs/serving.md")),
    ("inference", "batch", ("resources/batch_inference.job.yml",)),
    ("inference", "streaming", ("resources/stream_inference.job.yml",)),
    (
        "cicd_platform",
        "github_actions",
        (".github", "ci/github_actions", "docs/ci-github-actions.md"),
    ),
    (
        "cicd_platform",
        "azure_devops",
        (".azure-pipelines", "ci/azure_devops", "docs/ci-azure-devops.md"),
    ),
    (
        "cicd_platform",
        "gitlab",
        (".gitlab", ".gitlab-ci.yml", "ci/gitlab", "docs/ci-gitlab.md"),
    ),
)
# Files that all answers but some need: question, answers, paths.
NOT_FOR = (
    ("cicd_platform", ("github_actions", "none"), ("renovate.json",)),
    ("cicd_platform", ("none",), ("ci",)),
)


def superfluous(answers: Mapping[str, str]) -> list[str]:
    """Return the paths, relative to the project, that the given answers do not need."""
    only = [path for question, answer, paths in ONLY_FOR if answers[question] != answer for path in paths]
    return only + [path for question, without, paths in NOT_FOR if answers[question] in without for path in paths]


def remove(path: Path) -> None:
    """Remove a file or a folder with everything in it."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def place_ci_files(project: Path) -> None:
    """Copy the CI files to the root of the repository if the project is a folder in one.

    The script belongs to the project, because the copies are made again after each update (`make ci-files`).
    """
    script = project / "ci" / "ci_files.py"
    if script.is_file():
        ci_files = runpy.run_path(str(script))
        if ci_files["repository_root"](project) is not None:
            ci_files["main"](project)


def remove_caches(project: Path) -> None:
    """Remove what tools have left in a clone of the template, and Cookiecutter has copied."""
    for folder in ("ci", "machinery", "notebooks", "src", "tests"):
        for pattern in ("__pycache__", ".*_cache"):
            for cache in list((project / folder).rglob(pattern)):
                shutil.rmtree(cache)


def write_digests(machinery: Path) -> None:
    """Write the SHA-256 digest of each file of the machinery, so that `make check` notices edits."""
    files = sorted(path for path in machinery.rglob("*") if path.is_file())
    names = {path.relative_to(machinery).as_posix(): path for path in files if path.name != "digests"}
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n" for name, path in names.items()]
    (machinery / "digests").write_text("".join(lines), encoding="utf-8")


def next_steps(answers: Mapping[str, str]) -> str:
    """Return the commands that lead from here to a deployed project."""
    name, host, docs = answers["project_name"], answers["dev_host"], answers["__docs"]
    is_placeholder = host == answers["__placeholder_host"]
    address = "first put the address of your workspace into databricks.yml" if is_placeholder else host
    return f"""
{name} is ready. On this machine, without a workspace:

  cd {name}
  make setup        install the project and its tools
  make lifecycle    run every job of the project, from features to predictions

Then on Databricks ({address}):

  databricks auth login --host {"<your workspace>" if is_placeholder else host}
  make doctor       list what the workspace lacks for a deployment, such as a SQL warehouse
  databricks bundle deploy -t dev

Continue with {name}/README.md. More about bundles: {docs}/dev-tools/bundles
"""


if __name__ == "__main__":
    given = json.loads(r"""<< cookiecutter | jsonify >>""")
    for superfluous_path in superfluous(given):
        remove(Path(superfluous_path))
    remove_caches(Path.cwd())
    if Path("machinery").is_dir():
        write_digests(Path("machinery"))
    with contextlib.suppress(OSError):
        place_ci_files(Path.cwd())
    # Cookiecutter deletes the project when a hook fails, so this hook must not fail when the reader closes the pipe.
    with contextlib.suppress(OSError):
        os.write(1, next_steps(given).encode())
