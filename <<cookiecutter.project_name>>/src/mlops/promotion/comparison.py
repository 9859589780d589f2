"""Compares a candidate with the current champion on the same held-out rows."""

from __future__ import annotations

import logging

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities.model_registry import ModelVersion

from ..config.validation import Promotion
from ..errors import ProjectError, first_line
from ..evaluation.bootstrap import Interval, metric_gain, value_gain
from ..evaluation.metrics import Array, evaluate
from ..platform.base import Platform
from ..project import Project
from ..registry import Registry, predict, uri
from ..validation.candidate import Candidate, holdout
from . import pause
from .decision import Decision, decide

log = logging.getLogger(__name__)


class ChampionCannotBeScoredError(ProjectError):
    """The champion, or the naive baseline in its place, could not be evaluated on the held-out rows."""


def compare(
    project: Project, candidate: Candidate, platform: Platform, champion: ModelVersion | None, log_as: str
) -> Decision:
    """Compare the candidate with the champion or, if there is none, with the naive baseline of its training.

    Args:
        project: Defines the metric, the promotion policy and the business value.
        candidate: The version to compare, with its held-out rows.
        platform: The platform that the rows are read from.
        champion: The champion of this or of another model.
        log_as: The prefix of the champion's metrics on the candidate's training run.

    Raises:
        ChampionCannotBeScoredError: The champion or the baseline could not be scored on those rows.
        ProjectError: There are no held-out rows.
    """
    settings = project.config
    features, label = holdout(candidate, settings, platform)
    challenger = predict(candidate.model_uri, features)
    named = f"champion version {champion.version}" if champion else "the naive baseline"
    try:
        incumbent = _predictions(candidate, features, champion)
        standing = evaluate(settings.problem_type, label, incumbent)
    except Exception as error:
        raise ChampionCannotBeScoredError(
            f"{named} of {champion.name if champion else candidate.model_name} could not be scored on the held-out "
            f"rows, so the challenger is not promoted: repair or replace it ({first_line(error)})."
        ) from error
    # Without a champion, the candidate must beat the naive baseline, whatever the policy says.
    policy = settings.promotion if champion else settings.promotion.model_copy(update={"policy": "better", "margin": 0})
    name, gain, sides = _measure(project, policy, label, challenger, incumbent)
    with mlflow.start_run(run_id=candidate.run_id):
        mlflow.log_metrics({f"{log_as}_{metric}": value for metric, value in standing.items()})
        mlflow.log_metrics(
            {f"{log_as}_gain": gain.gain, f"{log_as}_gain_low": gain.low, f"{log_as}_gain_high": gain.high}
        )
    return decide(policy, name, gain, challenger=sides[0], incumbent=sides[1], incumbent_is=named)


def equal_to_rolled_back(project: Project, candidate: Candidate, platform: Platform) -> str:
    """Return the rolled-back version that predicts the same as the candidate on its held-out rows, or "".

    A training on the same data gives the same model under another number. A rolled-back version that cannot be loaded
    any more predicts nothing, so it is left out.
    """
    registry = Registry(candidate.model_name)
    versions = [version for version in pause.rolled_back(registry) if version != candidate.model_version]
    if not versions:
        return ""
    features, _ = holdout(candidate, project.config, platform)
    predicted = predict(candidate.model_uri, features)
    for version in versions:
        try:
            earlier = predict(uri(candidate.model_name, version), features)
        except Exception as error:  # noqa: BLE001 - whatever stops a consumer
            log.warning("version %s cannot be compared with: %s", version, first_line(error))
            continue
        if np.allclose(predicted, earlier, rtol=1e-9, atol=1e-12):
            return version
    return ""


def _measure(
    project: Project, policy: Promotion, label: Array, challenger: Array, incumbent: Array
) -> tuple[str, Interval, tuple[float, float]]:
    """Return what the policy compares: its name, the gain, and its value for the challenger and the incumbent."""
    settings = project.config
    if policy.policy == "business":
        worth = [project.business_value(settings.problem_type, label, side) for side in (challenger, incumbent)]
        gain = value_gain(
            worth[0], worth[1], resamples=policy.resamples, confidence=policy.confidence, seed=policy.seed
        )
        return project.business_unit, gain, (float(np.mean(worth[0])), float(np.mean(worth[1])))
    metrics = [evaluate(settings.problem_type, label, side)[settings.metric] for side in (challenger, incumbent)]
    gain = metric_gain(
        settings.metric,
        label,
        challenger,
        incumbent,
        resamples=policy.resamples,
        confidence=policy.confidence,
        seed=policy.seed,
    )
    return settings.metric, gain, (metrics[0], metrics[1])


def _predictions(candidate: Candidate, features: pd.DataFrame, champion: ModelVersion | None) -> Array:
    """Return the predictions of the champion or, if there is none, the constant that training recorded."""
    if champion is not None:
        return predict(uri(champion.name, str(champion.version)), features)
    constant = float(mlflow.get_run(candidate.run_id).data.params["naive_baseline"])
    return np.full(len(features), constant)
