"""The rules for CI: who gets which identity, on what event, in what order, what is always removed, pins, permissions.

Each rule takes the jobs of a project and yields what breaks it. The rules are the same for all platforms.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ci_jobs import FOLDERS, Job, read


@dataclass(frozen=True)
class Files:
    """A project's CI: its folder, its platform, its jobs, its name and the branch of production."""

    project: Path
    platform: str
    jobs: list[Job]
    name: str
    release: str

    @staticmethod
    def of(project: Path, platform: str, name: str, release: str) -> "Files":
        return Files(project, platform, read(project, platform), name, release)

    def job(self, name: str) -> Job | None:
        return next((job for job in self.jobs if job.name == name), None)

    def texts(self) -> Iterator[tuple[str, str]]:
        for path in sorted((self.project / FOLDERS[self.platform]).glob("*.yml")):
            yield path.name, path.read_text(encoding="utf-8")

    def policy(self, target: str) -> dict[str, str]:
        text = (self.project / "ci" / self.platform / f"{target}.json").read_text(encoding="utf-8")
        found: dict[str, str] = json.loads(text)["oidc_policy"]
        return found


CHECKS = ["lint", "check", "coverage", "lifecycle"]
# Beside `make`, a shell line may only change to the project's folder, or fail.
OTHER_SHELL = {'cd "$FOLDER"', "exit 1"}


def pins(files: Files) -> Iterator[str]:
    """Actions by commit with their version in a comment, images by digest, tasks of Azure DevOps by major version."""
    patterns = {
        "github_actions": (r"uses: (.*)", r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+"),
        "azure_devops": (r"task: (.*)", r"[A-Za-z]+@\d+"),
        "gitlab": (r"image: (.*)", r"[\w./:-]+@sha256:[0-9a-f]{64} # \S+"),
    }
    line, pinned = patterns[files.platform]
    for name, text in files.texts():
        for found in re.findall(line, text):
            if not re.fullmatch(pinned, found):
                yield f"{name}: {found} is not pinned"


def timeouts(files: Files) -> Iterator[str]:
    for job in files.jobs:
        if not job.minutes or job.minutes > 150:
            yield f"{job.name}: time-out {job.minutes}"


def permissions(files: Files) -> Iterator[str]:
    """Nothing by default; an ID token only where one logs in; the only write, by a job that cannot log in."""
    for name, text in files.texts() if files.platform == "github_actions" else ():
        if "\npermissions: {}\n" not in text:
            yield f"{name}: permissions are not empty by default"
    for job in files.jobs if files.platform == "github_actions" else ():
        allowed = {"contents": "read"} if job.name != "gate" else {}
        if job.audience:
            allowed["id-token"] = "write"
        if job.name == "comment":
            allowed["pull-requests"] = "write"
        if job.permissions != allowed:
            yield f"{job.name}: permissions {job.permissions} instead of {allowed}"


def credentials(files: Files) -> Iterator[str]:
    """No stored secret, and no token of the platform left in the checkout."""
    for name, text in files.texts():
        for found in re.findall(r"secrets\.\w+|DATABRICKS_TOKEN\b|\w*CLIENT_SECRET\b|PRIVATE_TOKEN", text):
            yield f"{name}: {found}"
        checkouts = len(re.findall(r"uses: actions/checkout@|checkout: self", text))
        if text.count("persist-credentials: false") + text.count('persistCredentials: "false"') != checkouts:
            yield f"{name}: a checkout keeps its credentials"


def shell(files: Files) -> Iterator[str]:
    """A shell line is a Make target, so nothing is written twice and nothing that a user types is part of it."""
    made = re.findall(r"^([a-z-]+):", (files.project / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for job in files.jobs:
        for step in job.steps:
            target = step.shell.removeprefix("make ")
            if step.shell and step.shell not in OTHER_SHELL and not (step.shell.startswith("make ") and target in made):
                yield f"{job.name}: {step.shell}"
            if step.shell.startswith("make ") and files.platform != "gitlab" and step.folder != ".":
                yield f"{job.name}: {step.shell} runs in {step.folder!r}"


def identities(files: Files) -> Iterator[str]:
    """Each job has the identity of its target, and only jobs of the release branch have production's."""
    for job in files.jobs:
        if bool(job.audience) != bool(job.target):
            yield f"{job.name}: audience {job.audience!r}, target {job.target!r}"
        if job.audience and job.audience != f"{files.name}-{job.target}":
            yield f"{job.name}: the identity {job.audience} for target {job.target}"
        if job.target == "prod" and not (job.events <= {"release", "by_hand"} and job.branches == (files.release,)):
            yield f"{job.name}: production on {sorted(job.events)} of {job.branches}"
        if job.audience and job.env.get("DATABRICKS_AUTH_TYPE") not in {"github-oidc", "env-oidc"}:
            yield f"{job.name}: logs in with {job.env.get('DATABRICKS_AUTH_TYPE')}"


def policies(files: Files) -> Iterator[str]:
    """The federation policies match the jobs, and production's names the release branch or what it protects."""
    for target in ("staging", "prod"):
        policy = files.policy(target)
        if files.platform == "azure_devops":
            if not policy["subject"].endswith(f"/{files.name}-{target}") or not policy["subject"].startswith("sc://"):
                yield f"{target}: the subject {policy['subject']} is not the service connection"
        elif list(policy["audiences"]) != [f"{files.name}-{target}"]:
            yield f"{target}: the audiences {policy['audiences']} are not those of the jobs"
        if not policy["issuer"].startswith("https://"):
            yield f"{target}: the issuer {policy['issuer']}"
    yield from _policy_of_production(files)


def _policy_of_production(files: Files) -> Iterator[str]:
    policy = files.policy("prod")
    claims = {"github_actions": "workflow_ref", "gitlab": "ci_config_ref_uri", "azure_devops": "sub"}
    if policy["subject_claim"] != claims[files.platform]:
        yield f"prod: the claim {policy['subject_claim']} does not tell the branch"
    if files.platform != "azure_devops" and not policy["subject"].endswith(f"@refs/heads/{files.release}"):
        yield f"prod: the subject {policy['subject']} is not of the branch {files.release}"
    if policy["subject"] == files.policy("staging")["subject"]:
        yield "prod: the same subject as staging"


def pull_requests(files: Files) -> Iterator[str]:
    """Checks, then validation, doctor, deployment and integration under the pull request's own prefix."""
    checks, integration = files.job("checks"), files.job("integration")
    if checks is None or [one for one in checks.makes() if one != "databricks-cli"] != CHECKS:
        yield f"checks: {checks.makes() if checks else None}"
    if integration is None or integration.target != "staging":
        yield "integration: there is none in staging"
        return
    wanted = ["validate", "doctor", "deploy", "integration"]
    if [make for make in integration.makes() if make in wanted] != wanted:
        yield f"integration: {integration.makes()}"
    if "checks" not in integration.needs:
        yield "integration: does not wait for the checks"
    if not {"pull_request", "nightly"} <= integration.events:
        yield f"integration: on {sorted(integration.events)}"
    if "pr" not in integration.env.get("PREFIX", "") or "nightly_" not in str(integration):
        yield f"integration: the prefix {integration.env.get('PREFIX')}"
    code = {"github_actions": "code == 'true'", "azure_devops": "changes.code'], 'true'", "gitlab": "src/**/*"}
    if code[files.platform] not in integration.condition:
        yield "integration: documentation alone starts it"


def forks(files: Files) -> Iterator[str]:
    """A fork gets no identity, and its pull request does not pass without integration."""
    integration = files.job("integration")
    condition = integration.condition if integration else ""
    if files.platform == "github_actions" and "head.repo.full_name == github.repository" not in condition:
        yield "integration: runs for forks"
    if files.platform == "azure_devops" and "ne(variables['System.PullRequest.IsFork'], 'True')" not in condition:
        yield "integration: runs for forks"
    refused = files.job("forks")
    if files.platform == "azure_devops" and (refused is None or [step.shell for step in refused.steps][-1] != "exit 1"):
        yield "forks: a pull request from a fork passes"
    for name, text in files.texts():
        if "pull_request_target" in text or "workflow_run" in text:
            yield f"{name}: runs with the rights of the main branch for a fork"


def removal(files: Files) -> Iterator[str]:
    """What integration deploys is always removed, on another machine, and what was left behind is swept."""
    integration, destroy = files.job("integration"), files.job("destroy")
    if integration is None or destroy is None or "destroy" not in destroy.makes():
        yield "destroy: there is no such job"
        return
    if not destroy.always or "integration" not in destroy.needs:
        yield f"destroy: runs only if {destroy.condition} after {destroy.needs}"
    if destroy.env != integration.env or destroy.audience != integration.audience:
        yield f"destroy: {destroy.env} instead of {integration.env}"
    if destroy.events != integration.events:
        yield f"destroy: on {sorted(destroy.events)}"
    after = [step.shell for step in integration.steps if step.always]
    if files.platform == "gitlab" and after != ['cd "$FOLDER"', "make destroy"]:
        yield "integration: a cancelled pipeline runs only after_script, which does not remove it"
    sweep = files.job("sweep")
    if sweep is None or "sweep" not in sweep.makes() or sweep.target != "staging" or sweep.events != {"nightly"}:
        yield "sweep: does not run every night in staging"


def gate(files: Files) -> Iterator[str]:
    """On GitHub one job says whether a pull request may be merged; the other platforms look at the whole pipeline."""
    if files.platform != "github_actions":
        return
    found = files.job("gate")
    if found is None or not found.always or set(found.needs) != {"changes", "checks", "integration", "destroy"}:
        yield f"gate: {found}"
        return
    text = dict(files.texts())[f"{files.name}-integration.yml"].partition("  gate:")[2]
    wanted = ("'failure'", "'cancelled'", "needs.integration.result != 'success'")
    yield from (f"gate: does not look for {word}" for word in wanted if word not in text)


def staging(files: Files) -> Iterator[str]:
    """Main is deployed to staging."""
    found = [job for job in files.jobs if "main" in job.events and "deploy" in job.makes()]
    if [(job.target, job.env.get("PREFIX")) for job in found] != [("staging", None)]:
        yield f"main deploys {[(job.target, job.env) for job in found]}"


def production(files: Files) -> Iterator[str]:
    """The plan comes before the approval of the environment, and the approval before the deployment."""
    found = [job for job in files.jobs if job.target == "prod"]
    plan = next((job for job in found if "plan" in job.makes()), None)
    deploy = next((job for job in found if "deploy" in job.makes()), None)
    if plan is None or deploy is None:
        yield "there is no plan, or no deployment"
        return
    if deploy.environment != f"{files.name}-prod":
        yield f"{deploy.name}: the environment {deploy.environment!r} needs no approval"
    if plan.environment:
        yield f"{plan.name}: waits for an approval without a plan"
    if "plan" not in deploy.needs:
        yield f"{deploy.name}: does not wait for the plan"
    if plan.makes()[-3:] != ["validate", "doctor", "plan"]:
        yield f"{plan.name}: {plan.makes()}"
    made = (files.project / "Makefile").read_text(encoding="utf-8")
    for target, variables in {"plan": ("COMMIT",), "deploy": ("COMMIT", "FIRST_RUN")}.items():
        recipe = made.partition(f"\n{target}: ")[2].partition("\n\n")[0].partition("\n")[2]
        yield from (f"make {target} ignores {name}" for name in variables if f"given,{name}," not in recipe)


def locks(files: Files) -> Iterator[str]:
    """Two runs never deploy the same target at once, and one that has started is not interrupted."""
    wanted = {"github_actions": f"{files.name}-{{}}", "azure_devops": "sequential", "gitlab": f"{files.name}-{{}}"}
    for job in files.jobs:
        if "deploy" not in job.makes():
            continue
        temporary = "PREFIX" in job.env
        if files.platform == "azure_devops":
            if not temporary and (job.lock != "sequential" or not job.environment):
                yield f"{job.name}: {job.file} takes no exclusive lock"
        elif not temporary and job.lock != wanted[files.platform].format(job.target):
            yield f"{job.name}: the lock {job.lock!r}"
        elif temporary and not re.search(r"PREFIX|number", job.lock):
            yield f"{job.name}: the lock {job.lock!r} is shared by all pull requests"
        if not temporary and job.cancels:
            yield f"{job.name}: a newer run interrupts it"


def caches(files: Files) -> Iterator[str]:
    """Caches are keyed by the files with the dependencies; production uses none."""
    for name, text in files.texts():
        for key in re.findall(r"(?m)^ +key:((?:.*\n)(?: {6,}.*\n)*)", text):
            if "pyproject.toml" not in key or "constraints.txt" not in key:
                yield f"{name}: the cache key {key.strip()}"
    for job in files.jobs if files.platform != "gitlab" else ():
        if job.target == "prod" and any("ache@" in step.action for step in job.steps):
            yield f"{job.name}: production uses a cache that a pull request may have written"


RULES: dict[str, Callable[[Files], Iterator[str]]] = {
    rule.__name__: rule
    for rule in (
        pins,
        timeouts,
        permissions,
        credentials,
        shell,
        identities,
        policies,
        pull_requests,
        forks,
        removal,
        gate,
        staging,
        production,
        locks,
        caches,
    )
}


def broken(files: Files) -> dict[str, list[str]]:
    """What breaks each rule, without rules that hold."""
    return {name: found for name, rule in RULES.items() if (found := list(rule(files)))}
