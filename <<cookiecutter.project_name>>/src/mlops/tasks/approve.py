"""Let the job go on only if somebody has approved the version."""

from __future__ import annotations

import logging

from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..registry import Registry
from . import task

log = logging.getLogger(__name__)

APPROVED = "approved"


class Parameters(task.Parameters):
    """The version, and the tag of it that says `approved`: named as the task, which MLflow's Approve button sets.

    Source: https://docs.databricks.com/mlflow/deployment-job
    """

    model_name: str
    model_version: str
    approval_tag: str


class Values(task.Values):
    """Who approved, where that is known."""

    approved_by: str


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:  # noqa: ARG001 - the signature of a task
    """Pass if the version is approved.

    Raises:
        ProjectError: It is not; the sentence says how to approve it.
    """
    name, version, tag = parameters.model_name, parameters.model_version, parameters.approval_tag
    tags = Registry(name).version(version).tags
    said = tags.get(tag, "")
    if said.strip().lower() != APPROVED:
        raise ProjectError(
            f"version {version} of {name} waits for approval: its tag {tag!r} is {said or 'not set'}. Look at its "
            f"model card, set the tag to {APPROVED!r} (the Approve button of the model version does it; locally: "
            "APPROVE=yes), then repair the run."
        )
    who, when = tags.get(f"{tag}_by", "somebody"), tags.get(f"{tag}_at", "at a time that is not known")
    log.info("version %s was approved by %s, %s", version, who, when)
    return Values(approved_by=who)
