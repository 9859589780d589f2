import re
from pathlib import Path
from uuid import uuid4

import pytest

from bundle_tools.bundle import load as bundle
from bundle_tools.run import entry_points
from bundle_tools.run import task_order as plan
from mlops.errors import ProjectError
from mlops.project import Project
from mlops.tasks import ENTRY_POINTS
from mlops.tasks.task import Parameters, Task, Values
from mlops_local.platform import LocalPlatform

from example import PROJECT
from generated import TEMPLATE, generated_project

ROOT = generated_project()


class Greeting(Parameters):
    name: str
    polite: str = "yes"


class Greeted(Values):
    text: str


def greet(parameters: Greeting, project: Project, platform: object) -> Greeted:
    return Greeted(text=f"{platform is not None} {project is PROJECT} {parameters.name} {parameters.polite}")


def project_with(folder: Path, entry_points: str, patch: pytest.MonkeyPatch) -> Path:
    name = f"some-project-{uuid4().hex[:8]}"
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
    package = folder / name.replace("-", "_")
    package.mkdir()
    (package / "entry_points.py").write_text(entry_points)
    patch.syspath_prepend(str(folder))
    return folder


def test_the_entry_points_of_the_project_are_tasks() -> None:
    found = entry_points.describe(entry_points.load(ROOT))
    assert found["validate"].parameters["model_uri"] is True
    assert found["train"].parameters["git_commit"] is False
    assert "model_uri" in found["train"].values
    assert "integer" in str(found["train"].problem("trials", "many"))
    assert "greater than or equal to 1" in str(found["train"].problem("trials", "0"))
    assert found["train"].problem("trials", "7") is None


@pytest.mark.parametrize("target", ["dev", "staging", "prod"])
def test_the_jobs_match_the_entry_points_in_every_target(target: str) -> None:
    described = entry_points.describe(entry_points.load(ROOT))
    plan.check(bundle.load(ROOT, target), described, package=entry_points.package(ROOT))


def test_every_entry_point_is_used_by_a_job_of_some_project() -> None:
    resources = (TEMPLATE / "<<cookiecutter.project_name>>" / "resources").glob("*.yml")
    files = [*resources, *(TEMPLATE / "templates").glob("*.yml")]
    used = {name for file in files for name in re.findall(r"entry_point: (\w+)", file.read_text(encoding="utf-8"))}
    assert used == set(ENTRY_POINTS)
    assert list(entry_points.load(ROOT)) == list(ENTRY_POINTS)


def test_the_lifecycle_runs_what_is_scheduled() -> None:
    jobs = bundle.load(ROOT, "dev").jobs
    tasks = [task["task_key"] for task in jobs["lifecycle"]["tasks"]]
    monitoring = [task["task_key"] for task in jobs["monitoring"]["tasks"] if "python_wheel_task" in task]
    assert tasks == ["features", "training", "inference", *monitoring]
    inference = {key for key in jobs if key.endswith("_inference")}
    started = {key for key, job in jobs.items() if {"schedule", "trigger", "continuous"} & set(job)}
    rollout = {"rollout"} & set(jobs)  # only in a project that serves; without an open rollout it does nothing
    assert started - inference == {"features", "retraining", "monitoring"} | rollout


def test_the_package_has_the_name_of_the_wheel(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "some-project"\n')
    assert entry_points.package(tmp_path) == "some_project"


@pytest.mark.parametrize("source", ["import nowhere", "from mlops import no_such_name", "PROJECT = None"])
def test_entry_points_that_cannot_be_imported_are_reported(
    tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ProjectError, match=r"the entry points of some_project_\w+\.entry_points cannot be imported"):
        entry_points.load(project_with(tmp_path, source, monkeypatch))


def test_an_entry_point_that_is_not_a_task_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "from json import dumps\ndef __getattr__(name):\n    return dumps\n"
    with pytest.raises(ProjectError, match="is not a task"):
        entry_points.load(project_with(tmp_path, source, monkeypatch))


def test_a_call_passes_parameters_and_returns_only_its_own_values(platform: LocalPlatform) -> None:
    platform.publish("left", "over")
    call = entry_points.caller({"greet": Task(greet, PROJECT)}, platform)
    assert call("greet", {"name": "a=b c"}) == {"text": "True True a=b c yes"}
