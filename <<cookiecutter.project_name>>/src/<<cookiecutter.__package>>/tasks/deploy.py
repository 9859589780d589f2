"""Compare the challenger with the champion and move the alias Champion if it is better."""

from __future__ import annotations

import logging

from .. import config
from ..errors import ProjectError
from ..platform import Platform
from ..registry import CHAMPION, STATUS_TAG, Registry
from . import task
from .candidate import Candidate
from .comparison import compare

log = logging.getLogger(__name__)


class Values(task.Values):
    """Whether the version was promoted, and which version is champion now."""

    promoted: str
    champion_version: str


def run(parameters: Candidate, platform: Platform) -> Values:
    """Promote the version if it passed validation and beats the champion; otherwise leave the champion as it is.

    Raises:
        ProjectError: The version has not passed validation, or the comparison could not be made.
    """
    registry = Registry(parameters.model_name)
    status = registry.version(parameters.model_version).tags.get(STATUS_TAG)
    if status != "PASSED":
        raise ProjectError(
            f"{parameters} has the validation status {status}: "
            "only a version that passed can be deployed, so run the task validate first."
        )
    champion = registry.champion()
    incumbent = None if champion is None else str(champion.version)
    if incumbent == parameters.model_version:
        log.info("version %s is the champion already", incumbent)
        return Values(promoted="false", champion_version=incumbent)
    decision = compare(config.load(), parameters, platform, champion, log_as="incumbent")
    registry.tag(
        parameters.model_version, "deployment_decision", f"{'promoted' if decision.passed else 'kept'}: {decision}"
    )
    log.info("%s", decision)
    if decision.passed:
        registry.tag(parameters.model_version, "previous_champion", incumbent or "none")
        registry.set_alias(CHAMPION, parameters.model_version)
        return Values(promoted="true", champion_version=parameters.model_version)
    return Values(promoted="false", champion_version=incumbent or "none")


main = task.Task(run)
