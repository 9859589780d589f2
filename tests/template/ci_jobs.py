"""Reads the CI files of a generated project as one list of jobs, whatever the platform."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FOLDERS = {"github_actions": ".github/workflows", "azure_devops": ".azure-pipelines", "gitlab": ".gitlab/ci"}


@dataclass(frozen=True)
class Step:
    """A line of shell with the environment that only this step has, or an action or task without a shell line.

    Attributes:
        shell: What the shell runs; empty for an action.
        action: The name of the action or task; empty for shell.
        env: The variables of the step.
        folder: Where it runs.
        always: Whether it runs after a failure and after a cancellation.
        connection: The service connection of Azure DevOps whose ID token it may have.
        inputs: The inputs of the action.
    """

    shell: str = ""
    action: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    always: bool = False
    connection: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A job of any platform.

    Attributes:
        file: Its file, relative to the project.
        name: Its name, without the prefix that GitLab's has.
        events: What starts it: pull_request, nightly, main, release, by_hand.
        branches: The branch that pushes must go to; empty for any.
        env: The variables of the job.
        audience: The audience of its ID token; for Azure DevOps its service connection; empty without an identity.
        environment: The environment that it deploys to, whose approvals it waits for.
        needs: The jobs before it.
        condition: What must hold for it to run, as the platform writes it.
        always: Whether it runs after a failure and after a cancellation.
        minutes: Its time-out.
        permissions: What its token may do.
        lock: The name of the group in which one job runs at a time.
        cancels: Whether a newer run cancels it.
        steps: In order.
    """

    file: str
    name: str
    events: frozenset[str]
    branches: tuple[str, ...]
    env: Mapping[str, str]
    audience: str
    environment: str
    needs: tuple[str, ...]
    condition: str
    always: bool
    minutes: float | None
    permissions: Mapping[str, str] | None
    lock: str
    cancels: bool
    steps: tuple[Step, ...]

    @property
    def target(self) -> str:
        """The target that it reaches; empty if none."""
        return str(self.env.get("TARGET", ""))

    def makes(self) -> list[str]:
        """The Make targets that it calls, in order."""
        return [found[1] for step in self.steps if (found := re.fullmatch(r"make ([\w-]+)", step.shell))]


def read(project: Path, platform: str) -> list[Job]:
    """The jobs of every CI file of the project."""
    reader = {"github_actions": _github, "azure_devops": _azure, "gitlab": _gitlab}[platform]
    return [job for path in sorted((project / FOLDERS[platform]).glob("*.yml")) for job in reader(project, path)]


def _load(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in content.items()}


def _listed(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - YAML
    return tuple(value) if isinstance(value, list) else (value,) if value else ()


def _github(project: Path, path: Path) -> Iterator[Job]:
    content = _load(path)
    on = content["on"] or {}
    pushed = _listed((on.get("push") or {}).get("branches"))
    names = {"pull_request": "pull_request", "schedule": "nightly", "workflow_dispatch": "by_hand"}
    events = {names[event] for event in on if event in names}
    if "push" in on:
        events.add("main" if pushed == ("main",) else "release")
    folder = (((content.get("defaults") or {}).get("run")) or {}).get("working-directory", "")
    group = content.get("concurrency") or {}
    for name, job in content["jobs"].items():
        condition = str(job.get("if", ""))
        env = {key: str(value) for key, value in (job.get("env") or {}).items()}
        yield Job(
            file=path.relative_to(project).as_posix(),
            name=name,
            events=frozenset(_only(condition, events)),
            branches=pushed,
            env=env,
            audience=env.get("DATABRICKS_TOKEN_AUDIENCE", ""),
            environment=str(job.get("environment", "")),
            needs=_listed(job.get("needs")),
            condition=condition,
            always="always()" in condition,
            minutes=job.get("timeout-minutes"),
            permissions=job.get("permissions", content.get("permissions")),
            lock=str(group.get("group", "")),
            cancels=bool(group.get("cancel-in-progress")),
            steps=tuple(_github_step(step, folder) for step in job["steps"]),
        )


def _only(condition: str, events: set[str]) -> set[str]:
    """The events that a condition such as `github.event_name == 'push'` leaves."""
    chosen = {"push": {"main", "release"}, "schedule": {"nightly"}, "pull_request": {"pull_request"}}
    for event, names in chosen.items():
        if re.search(rf"(?<!\(){re.escape('github.event_name == ')}'{event}'", condition):
            return events & names
    return events


def _github_step(step: Mapping[str, Any], folder: str) -> Step:
    return Step(
        shell=step.get("run", ""),
        action=step.get("uses", ""),
        env=step.get("env") or {},
        folder=step.get("working-directory", folder),
        always="always()" in str(step.get("if", "")),
        inputs=step.get("with") or {},
    )


def _azure(project: Path, path: Path) -> Iterator[Job]:
    content = _load(path)
    trigger = content.get("trigger")
    pushed = tuple(trigger["branches"]["include"]) if isinstance(trigger, dict) else ()
    events = {"nightly"} if content.get("schedules") else set()
    events |= {"main"} if pushed == ("main",) else {"release", "by_hand"} if pushed else {"pull_request"}
    variables = {key: str(value) for key, value in (content.get("variables") or {}).items()}
    stages = content.get("stages") or [{"jobs": content.get("jobs") or []}]
    for stage in stages:
        for job in stage["jobs"]:
            condition = str(job.get("condition", ""))
            deployed = ((job.get("strategy") or {}).get("runOnce") or {}).get("deploy") or {}
            steps = tuple(_azure_step(step) for step in job.get("steps") or deployed.get("steps") or [])
            connections = sorted({step.connection for step in steps if step.connection})
            yield Job(
                file=path.relative_to(project).as_posix(),
                name=str(job.get("job") or job.get("deployment")),
                events=frozenset(_scheduled(condition, events)),
                branches=pushed,
                env=variables if connections else {},
                audience=" ".join(connections),
                environment=str(job.get("environment", "")),
                needs=_listed(job.get("dependsOn") or stage.get("dependsOn")),
                condition=" ".join([str(stage.get("condition", "")), condition]).strip(),
                always="always()" in condition,
                minutes=float(job.get("timeoutInMinutes", 0)),  # the vendor's schema takes numbers as text
                permissions=None,
                lock=str(content.get("lockBehavior", "")),
                cancels=False,
                steps=steps,
            )


def _scheduled(condition: str, events: set[str]) -> set[str]:
    if "eq(variables['Build.Reason'], 'Schedule')" in condition:
        return events & {"nightly"}
    return events - {"nightly"} if "ne(variables['Build.Reason'], 'Schedule')" in condition else events


def _azure_step(step: Mapping[str, Any]) -> Step:
    inputs = step.get("inputs") or {}
    always = "always()" in str(step.get("condition", ""))
    if "bash" in step:
        return Step(step["bash"], env=step.get("env") or {}, folder=step.get("workingDirectory", ""), always=always)
    if step.get("task", "").startswith("AzureCLI@"):
        connection = str(inputs["azureSubscription"])
        return Step(inputs["inlineScript"], "", step.get("env") or {}, inputs["workingDirectory"], always, connection)
    name = step.get("task") or f"checkout: {step.get('checkout')}"
    return Step(action=name, always=always, inputs=inputs or step)


def _gitlab(project: Path, path: Path) -> Iterator[Job]:
    content = _load(path)
    name_of = re.compile(r"^[\w.-]+:")
    for name in content:
        if name.startswith("."):
            continue
        job = _extended(content, name)
        rules = job.get("rules") or []
        env = {key: str(value) for key, value in (job.get("variables") or {}).items()}
        for rule in rules:
            env |= {key: str(value) for key, value in (rule.get("variables") or {}).items() if key not in env}
        lines = [*job.get("before_script", []), *job["script"]]
        after = job.get("after_script") or []
        environment = job.get("environment") or {}
        yield Job(
            file=path.relative_to(project).as_posix(),
            name=name_of.sub("", name),
            events=frozenset(event for rule in rules for event in _gitlab_events(rule["if"])),
            branches=tuple(re.findall(r'CI_COMMIT_BRANCH == "([^"]+)"', " ".join(rule["if"] for rule in rules)))[:1],
            env=env,
            audience=((job.get("id_tokens") or {}).get("DATABRICKS_OIDC_TOKEN") or {}).get("aud", ""),
            environment="" if environment.get("action") == "access" else environment.get("name", ""),
            needs=tuple(name_of.sub("", need) for need in job.get("needs") or []),
            condition=str(rules),
            always=all(rule.get("when") == "always" for rule in rules),
            minutes=_minutes(job.get("timeout")),
            permissions=None,
            lock=job.get("resource_group", ""),
            cancels=bool(job.get("interruptible")),
            steps=(
                Step(action=f"image {job['image']}", inputs={"cache": job.get("cache") or {}}),
                *(Step(line) for line in lines),
                *(Step(line, always=True) for line in after),
            ),
        )


def _gitlab_events(condition: str) -> Iterator[str]:
    sources = {"merge_request_event": "pull_request", "schedule": "nightly", "web": "by_hand"}
    for source in re.findall(r'CI_PIPELINE_SOURCE == "(\w+)"', condition):
        main = "main" if "CI_DEFAULT_BRANCH" in condition else "release"
        yield sources.get(source, main)


def _extended(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    job = content[name]
    base = _extended(content, job["extends"]) if "extends" in job else {}
    both = {
        key: {**base[key], **job[key]}
        if isinstance(base.get(key), dict) and isinstance(job.get(key), dict)
        else job[key]
        for key in job
    }
    return {**base, **both}


def _minutes(text: str | None) -> float | None:
    found = re.fullmatch(r"(\d+)([mh])", text or "")
    return float(found[1]) * {"m": 1, "h": 60}[found[2]] if found else None
