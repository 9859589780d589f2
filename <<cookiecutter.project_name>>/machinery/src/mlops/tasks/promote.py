"""Compare the challenger with the champion; if it is better, serve it, and move the alias Champion.

It runs in the job `promotion`, the only one that moves the alias (see `promotion/champion.py`).
"""

from __future__ import annotations

import logging
from typing import Literal

from mlflow.entities.model_registry import ModelVersion

from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..promotion import pause
from ..promotion.champion import move_champion_alias
from ..promotion.comparison import ChampionCannotBeScoredError, compare
from ..promotion.decision import Decision
from ..promotion.same_model import equal_to_rolled_back
from ..registry import CHALLENGED_BY, ROLLED_BACK, Registry
from ..serving.champion_endpoint import ChampionEndpoint
from ..serving.rollout.record import is_open
from ..serving.settings import ServingParameters
from ..training import training_set
from ..validation import proof
from ..validation.candidate import Candidate, resolve_version
from . import task

log = logging.getLogger(__name__)


class Parameters(Candidate, ServingParameters):
    """The version to promote, the endpoint, and a reason to promote it although the champion cannot be scored."""

    action: Literal["promote"] = "promote"
    model_uri: str = ""
    override_reason: str = ""


class Values(task.Values):
    """Whether the version was promoted, and which version is champion now."""

    promoted: str
    champion_version: str


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Promote the version if it passed validation and beats the champion; otherwise leave the champion unchanged.

    In any case the endpoint, if there is one, serves the champion afterwards. With `serving.rollout` canary or ab, a
    version that beats the champion first answers a share of the requests, and the job `rollout` decides.

    Raises:
        ProjectError: The version has not passed validation as it is now, was rolled back, could not be compared, or
            does not answer on the endpoint; or another version has become champion in the meantime.
    """
    parameters, version, _ = resolve_version(parameters)
    registry = Registry(parameters.model_name)
    _require_proof(registry, version, parameters, project, platform)
    endpoint = ChampionEndpoint(registry, parameters, project, platform)
    champion = registry.champion()
    incumbent = None if champion is None else str(champion.version)
    if incumbent == parameters.model_version:
        log.info("version %s is already the champion", incumbent)
        endpoint.align()
        return Values(promoted="false", champion_version=incumbent)
    decision = _decide(parameters, project, platform, champion)
    for recorded, tags in decision.records.items():
        for key, value in tags.items():
            registry.tag(recorded, key, value)
    outcome = f"{'promote' if decision.passed else 'keep the champion'}: {decision}"
    registry.tag(parameters.model_version, "deployment_decision", outcome)
    if champion is not None:
        registry.tag(str(champion.version), CHALLENGED_BY, f"version {parameters.model_version}, {outcome}")
    log.info("%s", outcome)
    if not decision.passed:
        endpoint.align()
        return Values(promoted="false", champion_version=incumbent or "none")
    endpoint.require_features()
    if incumbent and endpoint.compares_online:
        endpoint.start_rollout(parameters, incumbent)
        return Values(promoted="false", champion_version=incumbent)
    with endpoint.serving(parameters):
        moved = move_champion_alias(registry, parameters.model_version, incumbent)
    return Values(promoted=str(moved).lower(), champion_version=parameters.model_version)


def _require_proof(
    registry: Registry, version: ModelVersion, parameters: Parameters, project: Project, platform: Platform
) -> None:
    rows = training_set.read(platform.tables, parameters.training_table, parameters.run_id, "holdout")
    proof.require(registry, version, project, rows)
    tags = version.tags
    if ROLLED_BACK in tags and not parameters.override_reason:
        raise ProjectError(
            f"{parameters} was rolled back ({tags[ROLLED_BACK]}): train a new version, or give the job parameter "
            "override_reason, which is recorded."
        )


def _decide(parameters: Parameters, project: Project, platform: Platform, champion: ModelVersion | None) -> Decision:
    """Compare the versions. If the champion cannot be scored, an operator's reason decides instead, and is recorded."""
    registry = Registry(parameters.model_name)
    tags = registry.model_tags()
    if since := pause.pause_reason(tags):
        return Decision(passed=False, reasons=(f"promotion is paused {since}; somebody must resume it",))
    compared = is_open(registry) if parameters.endpoint_name else None
    if compared not in {None, parameters.model_version}:
        reason = f"the rollout of version {compared} is open; promote this version again when it has ended"
        return Decision(passed=False, reasons=(reason,))
    if (same := equal_to_rolled_back(project, parameters, platform, tags)) and not parameters.override_reason:
        return Decision(passed=False, reasons=(f"it predicts the same as version {same}, which was rolled back",))
    try:
        return compare(project, parameters, platform, champion, log_as="incumbent")
    except ChampionCannotBeScoredError as error:
        if not (parameters.override_reason and champion):
            raise
        log.warning("overridden: %s", error)
        return Decision(passed=True, reasons=(f"overridden because of {parameters.override_reason!r}: {error}",))
