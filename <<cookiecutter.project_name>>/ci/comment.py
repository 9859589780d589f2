"""Posts the summary on the pull request: one comment, which later runs replace.

GitLab shows the files as artifacts of the job instead, because the token of a job may not write comments there.
It runs before anything is installed, so it uses Python's standard library only: `make comment`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = Path("build/integration/summary.md")  # where make integration writes it
MARKER = "integration of "  # in the heading of a summary: an earlier comment is found by it
_SECONDS = 30
_LENGTH = 60_000  # GitHub allows 65,536 characters


class PublishError(Exception):
    """What kept the summary from being posted, in one sentence."""


def main() -> int:
    """Post the summary of the project in this folder; return the exit code."""
    try:
        publish(FILE)
    except PublishError as error:
        print(f"error: {error}.", file=sys.stderr)
        return 1
    return 0


def publish(file: Path, environ: Mapping[str, str] | None = None) -> None:
    """Post the summary where this runs; on a laptop, print it.

    Raises:
        PublishError: There is no summary, or the platform refuses it.
    """
    environ = os.environ if environ is None else environ
    if not file.is_file():
        raise PublishError(f"there is no {file}: run make integration first")
    text = file.read_text(encoding="utf-8")[:_LENGTH]
    if summary := environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as page:
            page.write(text)
        if number := environ.get("PULL_REQUEST"):
            _github(number, text)
    elif environ.get("TF_BUILD"):
        sys.stdout.write(f"##vso[task.uploadsummary]{file.resolve()}\n")
        if environ.get("SYSTEM_PULLREQUEST_PULLREQUESTID"):
            _azure_devops(environ, text)
    else:
        sys.stdout.write(text)


def _github(number: str, text: str) -> None:
    gh = shutil.which("gh")
    if gh is None:
        raise PublishError("gh, the GitHub CLI, is not on the PATH: install it on this runner")
    command = [gh, "pr", "comment", number, "--edit-last", "--create-if-none", "--body-file", "-"]
    done = subprocess.run(command, input=text, text=True, check=False)  # noqa: S603 - no shell
    if done.returncode:
        raise PublishError(f"the summary could not be posted on pull request {number}: see the output of gh")


def _azure_devops(environ: Mapping[str, str], text: str) -> None:
    """Close the thread of an earlier run, and open a new one."""
    address = (
        f"{environ['SYSTEM_COLLECTIONURI']}{environ['SYSTEM_TEAMPROJECTID']}/_apis/git/repositories/"
        f"{environ['BUILD_REPOSITORY_ID']}/pullRequests/{environ['SYSTEM_PULLREQUEST_PULLREQUESTID']}/threads"
    )
    token = environ.get("SYSTEM_ACCESSTOKEN", "")
    try:
        for thread in _call("GET", address, token).get("value", []):
            first = (thread.get("comments") or [{}])[0]
            if MARKER in (first.get("content") or "") and thread.get("status") == "active":
                _call("PATCH", f"{address}/{thread['id']}", token, {"status": "closed"})
        comment = {"parentCommentId": 0, "content": text, "commentType": "text"}
        _call("POST", address, token, {"comments": [comment], "status": "active"})
    except OSError as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        raise PublishError(
            f"the summary could not be posted ({error}): let the build service contribute to pull requests, see "
            "docs/ci-azure-devops.md"
        ) from None


def _call(method: str, address: str, token: str, body: object = None) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - the address comes from the agent
        f"{address}?api-version=7.1",
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
        found = json.load(answer)
    return found if isinstance(found, dict) else {}


if __name__ == "__main__":
    sys.exit(main())
