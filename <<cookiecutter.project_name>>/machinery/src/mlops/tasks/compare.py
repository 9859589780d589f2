"""Compare a version with the champion of another environment, without changing any alias."""

from __future__ import annotations

import logging

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..promotion.comparison import compare
from ..registry import Registry, uri
from ..validation.candidate import Candidate
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """The version (number or alias), the model whose champion it is compared with, and the table of held-out rows."""

    model_name: str
    model_version: str
    training_table: str
    champion_model_name: str


class Values(task.Values):
    """Whether the version beats the other champion, that champion's version number, and the result as a sentence."""

    better: str
    champion_version: str
    comparison: str


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Compare both on the rows held out from the version's training; record the result on the version and on its run.

    If the other environment has no champion, the naive baseline takes its place, so that a first model can be compared
    too.

    Raises:
        ProjectError: There is no such version, or the other champion cannot be read or scored.
    """
    registry = Registry(parameters.model_name)
    version = registry.find(parameters.model_version)
    number = str(version.version)
    candidate = Candidate(
        model_name=parameters.model_name,
        model_uri=uri(parameters.model_name, number),
        model_version=number,
        run_id=str(version.run_id),
        training_table=parameters.training_table,
    )
    champion = _champion(parameters.champion_model_name)
    decision = compare(project, candidate, platform, champion, log_as="compared")
    text = f"{decision} ({parameters.champion_model_name})"
    registry.tag(number, "comparison", text)
    log.info("version %s: %s", number, text)
    return Values(
        better=str(decision.passed).lower(),
        champion_version=str(champion.version) if champion else "none",
        comparison=text,
    )


def _champion(model_name: str) -> ModelVersion | None:
    try:
        return Registry(model_name).champion()
    except MlflowException as error:
        raise ProjectError(
            f"the champion of {model_name} cannot be read ({error.error_code}): ask for USE CATALOG, USE SCHEMA and "
            "EXECUTE on it, or compare on a snapshot instead (docs/environments.md)."
        ) from error
