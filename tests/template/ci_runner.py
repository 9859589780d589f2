"""Runs the jobs of CI files on this machine: every shell line, in order, with the environment that the platform gives.

The Make targets and the project's own code are real. A recording stand-in takes the place of the Databricks CLI, `curl`
and GitHub's CLI, and a fake workspace that of Databricks. The heavy targets of the job `checks` run with stand-ins for
mlops, python, ruff and mypy: other tests run them for real.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ci_jobs
from ci_jobs import Job, Step

VENV = Path(sys.prefix)
RECORDER = """#!/bin/sh
echo "$(basename "$0") $* | $DATABRICKS_AUTH_TYPE | $DATABRICKS_CLIENT_ID" >> "HERE/calls"
"""
STAND_INS = {
    "databricks": RECORDER
    + """if [ "$1" = --version ]; then echo "Databricks CLI v1.13.0"; fi
if [ -e "HERE/fail-$2" ]; then echo "Error: the deployment failed"; exit 1; fi
if [ "$2" = summary ]; then cat "HERE/summary.json"; fi
if [ "$2" = plan ]; then echo '{"plan": {"resources.jobs.training": {"action": "create"}}}'; fi
""",
    "gh": RECORDER + "cat > /dev/null\n",
    "curl": RECORDER + "echo 'echo installed the Databricks CLI'\n",
}
# The parts of an expression that a platform fills in.
VALUES = {
    "${{ github.event_name == 'pull_request' && format('pr{0}_', github.event.number) || 'nightly_' }}": "pr12_",
    "${{ github.event.pull_request.base.sha }}": "",
    "${{ github.token }}": "github-token",
    "${{ github.event.number }}": "12",
    "${{ inputs.commit }}": "",
    "${{ vars.FIRST_RUN }}": "",
    "$[iif(eq(variables['Build.Reason'], 'PullRequest'), "
    "format('pr{0}_', variables['System.PullRequest.PullRequestId']), 'nightly_')]": "pr12_",
    "$(System.AccessToken)": "access-token",
    "origin/$(System.PullRequest.TargetBranchName)": "origin/main",
    "${{ parameters.commit }}": "HEAD",
    "pr${CI_MERGE_REQUEST_IID}_": "pr12_",
    "$CI_MERGE_REQUEST_DIFF_BASE_SHA": "",
    "$CI_PROJECT_DIR/.cache/uv": "unused",
}


@dataclass
class Machine:
    """A checkout of the project, with the tools on its PATH and the address of the workspace.

    Attributes:
        results: The result of each job that ran: success, failure, cancelled or skipped.
        stop_at: The Make target during which the run is cancelled, as soon as `is_time` says so.
        says: What the steps printed.
        source: The folders of the project's code; shared ones are compiled once.
    """

    project: Path
    platform: str
    tools: Path
    workspace: str
    stop_at: str = ""
    is_time: Callable[[], bool] = lambda: False
    results: dict[str, str] = field(default_factory=dict)
    says: str = ""
    source: str = "src:machinery/src"

    def calls(self, program: str = "databricks") -> list[str]:
        """What a stand-in was called with, in order."""
        file = self.tools / "calls"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [line.partition(" | ")[0].partition(" ")[2] for line in lines if line.startswith(f"{program} ")]

    def logins(self) -> set[tuple[str, str]]:
        """How the CLI would log in, and as whom, in its calls that deploy."""
        lines = (self.tools / "calls").read_text(encoding="utf-8").splitlines()
        words = [line.split(" | ") for line in lines if line.startswith("databricks bundle")]
        return {(word[1], word[2]) for word in words}

    def run(self, event: str, only: str = "") -> None:
        """Run the jobs of an event, or only one, in order; `gate` and `forks` have nothing to run here."""
        for job in ci_jobs.read(self.project, self.platform):
            if event in job.events and job.name not in {"gate", "forks"} and only in {"", job.name}:
                self.results[job.name] = self._job(job)

    def _job(self, job: Job) -> str:
        before = {self.results[need] for need in job.needs if need in self.results}
        if (before - {"success"}) and not job.always:
            return "skipped"
        result = "success"
        self._enter("stand-ins" if job.name == "checks" else "environment")
        shells = [step for step in job.steps if step.shell]
        if self.platform == "gitlab":  # all lines of a script share one shell
            shells = [self._joined(shells, always=False), self._joined(shells, always=True)]
        for step in shells:
            if not step.shell or (result != "success" and not step.always):
                continue
            done = self._step(job, step)
            result = result if result != "success" else done
        return result

    def _enter(self, environment: str) -> None:
        """Let the project's environment be one of those of the tools."""
        venv = self.project / ".venv"
        venv.unlink(missing_ok=True)
        venv.symlink_to(self.tools / environment)

    @staticmethod
    def _joined(steps: list[Step], *, always: bool) -> Step:
        lines = [step.shell for step in steps if step.always is always]
        return Step("\n".join(lines), always=always)

    def _step(self, job: Job, step: Step) -> str:
        environment = {**self._machine(), **self._platform(job, step), **resolved(job.env), **resolved(step.env)}
        folder = self.project / (step.folder or ".")
        command = ["bash", "-e", "-c", step.shell]
        with subprocess.Popen(
            command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:  # fmt: skip
            if self.stop_at and f"make {self.stop_at}" in step.shell:
                while process.poll() is None and not self.is_time():
                    time.sleep(0.02)
                os.killpg(process.pid, signal.SIGTERM)
                self.says += process.communicate()[0]
                return "cancelled"
            self.says += process.communicate()[0]
        return "success" if process.returncode == 0 else "failure"

    def _machine(self) -> dict[str, str]:
        return {
            "PATH": f"{self.tools}:{os.environ['PATH']}",
            "HOME": str(self.tools),
            "PYTHON": sys.executable,
            "PYTHONPATH": self.source,
            "NO_PROXY": "127.0.0.1",
            "DATABRICKS_CONFIG_FILE": os.devnull,
            "CI": "true",
        }

    def _platform(self, job: Job, step: Step) -> dict[str, str]:
        if self.platform == "github_actions":
            files = {name: str(self.tools / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
            request = {"URL": f"{self.workspace}/github-oidc?v=1", "TOKEN": "request-token"}
            allowed = (job.permissions or {}).get("id-token") == "write"
            tokens = {f"ACTIONS_ID_TOKEN_REQUEST_{key}": value for key, value in request.items()} if allowed else {}
            return {**files, **tokens}
        if self.platform == "gitlab":
            return {"GITLAB_CI": "true", **({"DATABRICKS_OIDC_TOKEN": f"id-of-{job.audience}"} if job.audience else {})}
        address = {"SYSTEM_OIDCREQUESTURI": f"{self.workspace}/azure-oidc"}
        connection = {"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": step.connection, **address}
        return {"TF_BUILD": "True", **(connection if step.connection else {})}


def resolved(env: Mapping[str, str]) -> dict[str, str]:
    """The variables with what the platform fills in; an unknown expression fails."""
    found = {key: VALUES.get(str(value), str(value)) for key, value in env.items()}
    odd = {key: value for key, value in found.items() if re.search(r"\$[\[({A-Z]", value)}
    assert not odd, odd
    return found


def checkout(project: Path, folder: Path, workspace: str) -> tuple[Path, Path]:
    """A copy of a generated project in a git repository, for this workspace and your own repository, and its tools."""
    copy = Path(shutil.copytree(project, folder / project.name))
    bundle = copy / "databricks.yml"
    bundle.write_text(re.sub(r"(?m)^(\s+host:).*$", rf'\1 "{workspace}"', bundle.read_text()), encoding="utf-8")
    for policy in copy.glob("ci/*/*.json"):
        text = re.sub(r"\bmy-(org|repo|project|group)\b", r"acme-\1", policy.read_text())
        policy.write_text(text.replace("00000000-0000-0000-0000-000000000000", "7f1078d6-b20d-4a20-9d88-05a2f0d645a3"))
    person = {f"GIT_{role}_{what}": "ada" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **person, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    remote = str(folder / "remote")
    for words in (
        ["init", "--quiet", "--initial-branch=release"],
        ["add", "--all"],
        ["commit", "--quiet", "-m", "all"],
        ["init", "--quiet", "--bare", remote],
        ["remote", "add", "origin", remote],
        ["push", "--quiet", "origin", "release"],
        ["checkout", "--quiet", "--detach"],  # as GitLab and Azure Pipelines do
    ):
        subprocess.run(["git", *words], cwd=copy, env=environment, check=True)  # noqa: S607 - git is on the path
    return copy, _tools(folder / "tools")


def _tools(folder: Path) -> Path:
    stubs, real = folder / "stand-ins/bin", folder / "environment/bin"
    for programs_of in (stubs, real):
        programs_of.mkdir(parents=True)
        (programs_of.parent / ".ready").touch()
    for part in ("lib", "pyvenv.cfg"):
        (real.parent / part).symlink_to(VENV / part)
    (real / "python").symlink_to(VENV / "bin/python")
    programs = {folder / name: text for name, text in STAND_INS.items()}
    programs |= {stubs / name: RECORDER for name in ("mlops", "python", "ruff", "mypy")}
    programs[real / "mlops"] = '#!/bin/sh\nexec "$(dirname "$0")/python" -m bundle_tools "$@"\n'
    for path, text in programs.items():
        path.write_text(text.replace("HERE", str(folder)), encoding="utf-8")
        path.chmod(0o755)
    return folder


def deployed(tools: Path, ids: Mapping[str, int]) -> None:
    """Let `bundle summary` tell the ids of jobs."""
    jobs: dict[str, Any] = {key: {"id": str(number)} for key, number in ids.items()}
    (tools / "summary.json").write_text(json.dumps({"resources": {"jobs": jobs}}), encoding="utf-8")
