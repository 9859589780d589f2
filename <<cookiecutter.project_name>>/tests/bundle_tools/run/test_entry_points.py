from pathlib import Path

import pytest

from bundle_tools.bundle import load as bundle
from bundle_tools.run import entry_points
from bundle_tools.run import task_order as plan
from mlops.errors import ProjectError
from mlops.platform.local import LocalPlatform
from mlops.project import Project
from mlops.tasks.task import Parameters, Task, Values

from example import PROJECT

ROOT = Path(__file__).parents[3]


class Greeting(Parameters):
    name: str
    polite: str = "yes"


class Greeted(Values):
    text: str


def greet(parameters: Greeting, project: Project, platform: object) -> Greeted:
    return Greeted(text=f"{platform is not None} {project is PROJECT} {parameters.name} {parameters.polite}")


def pyproject(folder: Path, scripts: str) -> Path:
    (folder / "pyproject.toml").write_text(f'[project]\nname = "some-project"\n[project.scripts]\n{scripts}\n')
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


def test_every_entry_point_is_used_by_a_job() -> None:
    jobs = [job for target in ("dev", "prod") for job in bundle.load(ROOT, target).jobs.values()]
    tasks = [task for job in jobs for task in job["tasks"]]
    used = {task["python_wheel_task"]["entry_point"] for task in tasks if "python_wheel_task" in task}
    assert used == set(entry_points.load(ROOT))


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
    assert entry_points.package(pyproject(tmp_path, "")) == "some_project"


@pytest.mark.parametrize("target", ["nowhere.to_be:found", "json:nothing"])
def test_an_entry_point_that_cannot_be_imported_is_reported(tmp_path: Path, target: str) -> None:
    with pytest.raises(ProjectError, match=f"entry point go = '{target}' .* cannot be imported"):
        entry_points.load(pyproject(tmp_path, f'go = "{target}"'))


def test_an_entry_point_that_is_not_a_task_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="is not a task"):
        entry_points.load(pyproject(tmp_path, 'go = "json:dumps"'))


def test_a_call_passes_parameters_and_returns_only_its_own_values(platform: LocalPlatform) -> None:
    platform.publish("left", "over")
    call = entry_points.caller({"greet": Task(greet, PROJECT)}, platform)
    assert call("greet", {"name": "a=b c"}) == {"text": "True True a=b c yes"}
