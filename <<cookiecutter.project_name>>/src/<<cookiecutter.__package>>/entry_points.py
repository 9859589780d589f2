"""Passes the project to the machinery, and defines an entry point for each task of the jobs.

`pyproject.toml` declares these entry points, and `resources/*.job.yml` calls them by the same names.
"""

from __future__ import annotations

from pathlib import Path

from mlops import tasks
from mlops.config.load import load
from mlops.project import Project
from mlops.tasks.task import Task

from . import business, checks, features, functions, model, synthetic

PROJECT = Project.of(
    load(Path(__file__).with_name("project.yml"), metrics=checks),
    features=features,
    functions=functions,
    model=model,
    checks=checks,
    business=business,
    example_data=synthetic.example_data,
)

compute_features = Task(tasks.compute_features.run, PROJECT)
baseline = Task(tasks.baseline.run, PROJECT)
train = Task(tasks.train.run, PROJECT)
validate = Task(tasks.validate.run, PROJECT)
approve = Task(tasks.approve.run, PROJECT)
change_champion = Task(tasks.change_champion.run, PROJECT)
explain = Task(tasks.explain.run, PROJECT)
compare = Task(tasks.compare.run, PROJECT)
snapshot = Task(tasks.snapshot.run, PROJECT)
batch_inference = Task(tasks.batch_inference.run, PROJECT)
update_inference_log = Task(tasks.update_inference_log.run, PROJECT)
refresh_metrics = Task(tasks.refresh_metrics.run, PROJECT)
check_metrics = Task(tasks.check_metrics.run, PROJECT)
find_rollout = Task(tasks.find_rollout.run, PROJECT)
check_rollout = Task(tasks.check_rollout.run, PROJECT)
deliver = Task(tasks.deliver.run, PROJECT)
stream_inference = Task(tasks.stream_inference.run, PROJECT)
