"""Removes the files that the given answers do not need, and prints the next steps."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

# Files that only one answer needs: question, answer, paths.
ONLY_FOR = (
    (
        "approval",
        "manual",
        ("resources/approval.yml",),
    ),
    ("inference", "batch", ("resources/batch_inference.job.yml",)),
    ("inference", "streaming", ("resources/stream_inference.job.yml",)),
)


def superfluous(answers: Mapping[str, str]) -> list[str]:
    """Return the paths, relative to the project, that the given answers do not need."""
    return [path for question, answer, paths in ONLY_FOR if answers[question] != answer for path in paths]


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
  databricks bundle deploy -t dev

Continue with {name}/README.md. More about bundles: {docs}/dev-tools/bundles
"""


if __name__ == "__main__":
    given = json.loads(r"""<< cookiecutter | jsonify >>""")
    for superfluous_path in superfluous(given):
        Path(superfluous_path).unlink()
    # Cookiecutter deletes the project when a hook fails, so this hook must not fail when the reader closes the pipe.
    with contextlib.suppress(OSError):
        os.write(1, next_steps(given).encode())
