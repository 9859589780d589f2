"""Let the job continue only if somebody has approved the version."""

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
    """The version, and the tag that must be `approved`. MLflow's Approve button sets the tag that is named as the task.

    Source: https://docs.databricks.com/mlflow/deployment-job
    """

    model_name: str
    model_version: str
    approval_tag: str


class Values(task.Values):
    """Who approved the version, if that is known."""

    approved_by: str


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:  # noqa: ARG001 - the signature of a task
    """Succeed if the version is approved.

    Raises:
        ProjectError: The version is not approved; the message says how to approve it.
    """
    name, version, tag = parameters.model_name, parameters.model_version, parameters.approval_tag
    tags = Registry(name).version(version).tags
    approval = tags.get(tag, "")
    if approval.strip().lower() != APPROVED:
        raise ProjectError(
            f"version {version} of {name} is waiting for approval: its tag {tag!r} is {approval or 'not set'}. Read "
            f"its model card, set the tag to {APPROVED!r} (with the Approve button of the model version), then repair "
            f"the run. Locally, run make run JOB=deployment PARAM=model_version={version} APPROVE={version} with the "
            "same TARGET."
        )
    who, when = tags.get(f"{tag}_by", "somebody"), tags.get(f"{tag}_at", "at an unknown time")
    log.info("version %s was approved by %s, %s", version, who, when)
    return Values(approved_by=who)
